import { once } from "node:events";
import { authClient } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { Parley } from "./parley.ts";

/** Presents a token at one place. Resolves with the answer: `accepted`, or a status or code. */
export type ShowToken = (token: string) => Promise<string>;

const ACCEPTED = "accepted";

/** Every place where the two socket services take a token. `good` is a valid one. */
export function socketPlaces(parley: Parley, good: string): Record<string, ShowToken> {
  const places: Record<string, ShowToken> = {};
  for (const [name, url] of [
    ["producer", parley.producerSocket],
    ["consumer", parley.consumerSocket],
  ] as const) {
    places[`${name}, header`] = (token) => handshake(url, { authorization: `Bearer ${token}` });
    places[`${name}, ?token=`] = (token) => handshake(`${url}?token=${encodeURIComponent(token)}`, {});
    places[`${name}, first frame`] = (token) => firstFrame(url, token);
    places[`${name}, in-band`] = (token) => inBand(url, good, token);
  }
  const producer = `${parley.url("ws-producer")}/api/v1/rooms/general/messages`;
  places["producer, HTTP"] = (token) =>
    request(producer, token, { body: JSON.stringify({ body: "forged" }) });
  const consumer = `${parley.url("ws-consumer")}/api/v1/rooms/general/messages`;
  places["consumer, HTTP"] = (token) => request(consumer, token);
  return places;
}

/** Every place where auth takes a token. */
export function authPlaces(parley: Parley): Record<string, ShowToken> {
  const url = parley.url("auth");
  return {
    "auth, HTTP me": (token) => request(`${url}/api/v1/me`, token),
    "auth, HTTP sessions": (token) => request(`${url}/api/v1/sessions`, token),
    "auth, VerifyToken": (token) => verify(parley, token),
  };
}

async function handshake(url: string, headers: Record<string, string>): Promise<string> {
  const status = await FrameSocket.statusOf(url, headers);
  return status === 101 ? ACCEPTED : String(status);
}

async function firstFrame(url: string, token: string): Promise<string> {
  const socket = new FrameSocket(url);
  await once(socket.ws, "open");
  socket.send({ type: "auth", token });
  await once(socket.ws, "message");
  const [first] = socket.frames;
  if (first?.type === "hello") {
    socket.ws.terminate();
    return ACCEPTED;
  }
  return `${first?.code} ${(await socket.closed).code}`;
}

async function inBand(url: string, good: string, token: string): Promise<string> {
  const socket = await FrameSocket.open(url, good);
  socket.send({ type: "auth", id: "renew", token });
  const answer = await socket.find((frame) => frame.id === "renew" || frame.type === "error");
  socket.ws.terminate();
  return answer.type === "authenticated" ? ACCEPTED : String(answer.code);
}

async function request(url: string, token: string, post?: { body: string }): Promise<string> {
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, ...(post && { "content-type": "application/json" }) },
    ...(post && { method: "POST", ...post }),
  });
  await answer.body?.cancel();
  return answer.ok ? ACCEPTED : String(answer.status);
}

async function verify(parley: Parley, token: string): Promise<string> {
  const client = authClient(parley);
  const answer = await new Promise<string>((resolve) =>
    client.verifyToken({ token }, (error) => resolve(error ? String(error.code) : ACCEPTED)),
  );
  client.close();
  return answer;
}
