import { afterAll, beforeAll, expect, it } from "vitest";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, type Person, until } from "./parley.ts";

let parley: Parley;
let people: Person[];
let secondConsumer: string;

beforeAll(async () => {
  parley = await Parley.start({ consumers: 2 });
  people = await Promise.all(["alice", "bob", "carol"].map((name) => parley.person(name)));
  secondConsumer = `${parley.url("ws-consumer-2").replace("http", "ws")}/ws`;
});
afterAll(() => parley?.stop());

async function listen(url: string, token: string, room: string): Promise<FrameSocket> {
  const socket = await FrameSocket.open(url, token);
  socket.send({ type: "subscribe", room });
  await socket.next((frame) => frame.type === "caught_up");
  return socket;
}

const get = async (path: string, token: string) => {
  const answer = await fetch(`${parley.url("ws-consumer")}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { data: unknown }).data;
};

it("tells who writes to those who have the room open on any consumer, once, and ends it after 5 s", async () => {
  const [alice, bob, carol] = people as [Person, Person, Person];
  const here = await listen(parley.consumerSocket, bob.token, "typing");
  const there = await listen(secondConsumer, carol.token, "typing");
  const elsewhere = await listen(parley.consumerSocket, bob.token, "other");
  const own = await listen(parley.consumerSocket, alice.token, "typing");
  const writer = await FrameSocket.open(parley.producerSocket, alice.token);
  for (let i = 0; i < 3; i += 1) writer.send({ type: "typing", room: "typing", isTyping: true });
  const began = performance.now();
  const user = { id: alice.id, username: "alice" };
  for (const socket of [here, there]) {
    const isTyping = (frame: { type: string }) => frame.type === "typing";
    expect(await socket.next(isTyping)).toEqual({ type: "typing", room: "typing", user, isTyping: true });
    expect(await socket.next(isTyping)).toEqual({ type: "typing", room: "typing", user, isTyping: false });
  }
  expect(performance.now() - began).toBeGreaterThan(4_500);
  for (const socket of [here, there])
    expect(socket.frames.filter((frame) => frame.type === "typing")).toHaveLength(2);
  for (const socket of [elsewhere, own])
    expect(socket.frames.some((frame) => frame.type === "typing")).toBe(false);
  for (const socket of [here, there, elsewhere, own, writer]) socket.close();
});

it("tells who comes and goes to those with a room in common, with several devices and after a crash", async () => {
  const [alice, bob, carol] = people as [Person, Person, Person];
  const watcher = await listen(parley.consumerSocket, bob.token, "lobby");
  const stranger = await listen(parley.consumerSocket, carol.token, "elsewhere");
  const isAlice = (frame: { type: string }) =>
    frame.type === "presence" && (frame as unknown as { user: { id: string } }).user.id === alice.id;
  const phone = await listen(parley.consumerSocket, alice.token, "lobby");
  expect(await watcher.next(isAlice)).toMatchObject({ isOnline: true, lastSeen: null });
  const laptop = await listen(secondConsumer, alice.token, "lobby");
  phone.close();
  await phone.closed;
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(watcher.frames.filter(isAlice)).toHaveLength(1);
  expect(await get(`/api/v1/presence/user/${alice.id}`, bob.token)).toMatchObject({
    isOnline: true,
    lastSeen: null,
  });
  expect(await get("/api/v1/presence/online?room=lobby", bob.token)).toContainEqual({
    user: { id: alice.id, username: "alice" },
    isOnline: true,
    lastSeen: null,
  });
  await parley.stack.service("ws-consumer-2").stop();
  await laptop.closed;
  const gone = await watcher.next(isAlice, 30_000);
  expect(gone).toMatchObject({ isOnline: false });
  expect(Date.now() - Date.parse(String(gone.lastSeen))).toBeLessThan(10_000);
  await until("last seen is noted", async () => {
    const { lastSeen } = (await get(`/api/v1/presence/user/${alice.id}`, bob.token)) as {
      lastSeen: string | null;
    };
    return lastSeen !== null;
  });
  expect(stranger.frames.some(isAlice)).toBe(false);
  for (const socket of [watcher, stranger]) socket.close();
});
