import { credentials } from "@grpc/grpc-js";
import type { Account } from "@parley/devstack/accounts";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import type { Parley, ServiceUrl } from "./parley.ts";

export type Answer = Readonly<{ status: number; body: never; data: never; code: string }>;

/**
 * Calls a REST API with a token.
 *
 * @throws {Error} if the answer is neither JSON nor, when it is a refusal, problem+json.
 */
export async function call(
  parley: Parley,
  { token }: Pick<Account, "token">,
  method: string,
  path: string,
  body?: object,
  service: ServiceUrl = "ws-consumer",
): Promise<Answer> {
  const answer = await fetch(`${parley.url(service)}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = (await answer.json()) as { data?: unknown; code?: string };
  const wanted = answer.ok ? "application/json" : "application/problem+json";
  if (!answer.headers.get("content-type")?.startsWith(wanted))
    throw new Error(`${method} ${path}: ${answer.status} is ${answer.headers.get("content-type")}`);
  return { status: answer.status, body: json as never, data: json.data as never, code: String(json.code) };
}

/** The same, for a call that must succeed; gives its `data`. @throws {Error} with the problem if it does not. */
export async function must<T>(...args: Parameters<typeof call>): Promise<T> {
  const answer = await call(...args);
  if (answer.status >= 300) throw new Error(`${args[2]} ${args[3]}: ${JSON.stringify(answer.body)}`);
  return answer.data as T;
}

/** Sends a frame to the producer on a socket of its own; gives the first frame of one of these types. */
export async function ask(
  parley: Parley,
  { token }: Pick<Account, "token">,
  frame: object,
  ...types: string[]
): Promise<Frame> {
  const socket = await FrameSocket.open(parley.producerSocket, token);
  socket.send(frame);
  const answer = await socket.next(...types);
  socket.close();
  return answer;
}

/** Posts a message and waits until it is stored; gives its seq. @throws {Error} with the code of a refusal. */
export async function postStored(
  parley: Parley,
  who: Pick<Account, "token">,
  room: string,
  body: string,
): Promise<number> {
  const stored = await ask(parley, who, { room, body, receipt: "stored" }, "stored", "error");
  if (stored.type === "error") throw new Error(String(stored.code));
  return Number(stored.seq);
}

export type Room = Record<"id" | "title" | "role", string> & Record<"unread" | "readSeq" | "head", number>;

/** Adds a member, who accepts if that is an invitation. */
export async function addMember(parley: Parley, owner: Account, room: string, who: Account, role = "member") {
  const answer = await call(parley, owner, "POST", `/rooms/${room}/members`, { userId: who.id, role });
  if (answer.status === 202) await must(parley, who, "POST", `/me/invitations/${room}/accept`);
  return answer;
}

/** Makes a group of `owner` and others. */
export async function makeGroup(
  parley: Parley,
  owner: Account,
  members: readonly Account[],
  title = "Lunch",
): Promise<Room> {
  const { id } = await must<Room>(parley, owner, "POST", "/rooms", { kind: "group", title });
  for (const one of members) await addMember(parley, owner, id, one);
  return must<Room>(parley, owner, "GET", `/rooms/${id}`);
}

/** A client of auth's gRPC, without TLS. */
export const authClient = (parley: Parley): AuthServiceClient =>
  new AuthServiceClient(`localhost:${parley.stack.ports.AUTH_GRPC_PORT}`, credentials.createInsecure());
