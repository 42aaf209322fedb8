import { ParleyError } from "./error.ts";
import type { Message, RoomEvent, User } from "./frames.ts";
import type { NewEvent, TwinRoom } from "./twin-rooms.ts";
import type { Profile } from "./types.ts";

export type TwinRequest = Readonly<{
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  user: User | undefined;
}>;
/** What the twin's HTTP needs of its server. */
type TwinState = Readonly<{
  room(id: string): TwinRoom;
  append(room: string, event: NewEvent): RoomEvent;
  isOnline(userId: string): boolean;
  users(): User[];
  /** Who has signed in last: the twin has one cookie. */
  readonly cookie: { username: string | undefined };
  logIn(username: string): { token: string; user: Profile };
}>;

type Answerer = (state: TwinState, request: TwinRequest) => object;
/** Routes that need no session, by path. */
const PUBLIC: Readonly<Record<string, Answerer>> = {
  "/login": (state, { body }) => {
    state.cookie.username = String(body.username);
    return state.logIn(state.cookie.username);
  },
  "/refresh"({ cookie, logIn }) {
    if (cookie.username === undefined) throw new ParleyError("unauthenticated", "no session");
    return logIn(cookie.username);
  },
  "/logout"({ cookie }) {
    cookie.username = undefined;
    return { loggedOut: true };
  },
  "/registration": () => ({ mode: "open" }),
};
/** Routes of who is signed in that have no parameter in their path. */
const OWN: Readonly<Record<string, Answerer>> = {
  "/me": (_state, { user }) => ({ ...user, displayName: user?.username }),
  "/users": (state, { query }) => usersOf(state.users(), query),
  "/presence/users": (state, { query }) =>
    idsOf(query).map((id) => ({ user: { id }, isOnline: state.isOnline(id), lastSeen: null })),
  "/me/invitations": () => [],
  "/me/blocks": () => [],
  "/service/tokens": (state, { body }) => state.logIn(`app-${body.externalId}`),
  "/service-accounts": (state, { method, body }) => (method === "POST" ? accountOf(state, body) : []),
};

/** Answers a request as the services do. @throws {ParleyError} for what they answer with a problem. */
export function answer(state: TwinState, request: TwinRequest): object {
  const { path, user, method } = request;
  if (!user && !PUBLIC[path]) throw new ParleyError("unauthenticated", "no session");
  const answerer = PUBLIC[path] ?? OWN[path];
  if (answerer) return { data: answerer(state, request) };
  const [, id, what, seq] = /^\/rooms\/([^/]+)\/(messages|events)(?:\/(\d+))?$/.exec(path) ?? [];
  if (id === undefined) throw new ParleyError("not_found", `the twin has no ${method} ${path}`);
  const room = state.room(id);
  if (seq !== undefined) return change(state, room, Number(seq), request);
  return what === "events" ? eventsPage(room, request) : messagesPage(room, request);
}

/** A new service account with its token. */
function accountOf(state: TwinState, { name, scopes }: TwinRequest["body"]): object {
  const { token, user } = state.logIn(String(name));
  const createdAt = new Date().toISOString();
  const { id, displayName } = user;
  return { id, name, displayName, scopes, createdAt, createdBy: null, tokens: [], token };
}

const idsOf = (query: URLSearchParams): string[] => (query.get("ids") ?? "").split(",");

/** Users by the beginning of a name, or by ids. */
function usersOf(users: readonly User[], query: URLSearchParams): object[] {
  const name = query.get("name")?.toLowerCase();
  const ids = idsOf(query);
  const isMeant = ({ id, username }: User) =>
    name === undefined ? ids.includes(id) : username.toLowerCase().startsWith(name);
  return users.filter(isMeant).map((user) => ({ ...user, displayName: user.username }));
}

function change(
  state: TwinState,
  room: TwinRoom,
  target: number,
  { method, body, user }: TwinRequest,
): object {
  const author = user as User;
  if (room.events[target - 1]?.type !== "message")
    throw new ParleyError("message_not_found", "there is no such message");
  const id = `${method} ${target} ${room.head}`;
  if (method === "PATCH")
    state.append(room.id, { type: "message_edited", author, id, target, body: body.body });
  else state.append(room.id, { type: "message_deleted", author, id, target });
  return { data: room.messages(author.id).find((one) => one.seq === target) };
}

function eventsPage(room: TwinRoom, { query }: TwinRequest): object {
  const after = Number(query.get("after"));
  return { data: room.events.slice(after, after + Number(query.get("limit") ?? 50)), head: room.head };
}

function messagesPage(room: TwinRoom, { query, user }: TwinRequest): object {
  const all = room.messages((user as User).id);
  const limit = Number(query.get("limit") ?? 50);
  const at = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  const [before, after, around] = [at("before"), at("after"), at("around")];
  let data: Message[];
  if (after !== undefined) data = all.filter(({ seq }) => seq > after).slice(0, limit);
  else if (around !== undefined) {
    const earlier = all.filter(({ seq }) => seq < around).slice(-Math.floor(limit / 2));
    data = [...earlier, ...all.filter(({ seq }) => seq >= around).slice(0, limit - earlier.length)];
  } else data = all.filter(({ seq }) => seq < (before ?? Number.POSITIVE_INFINITY)).slice(-limit);
  return { data, head: room.head };
}
