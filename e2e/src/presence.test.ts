import type { Account } from "@parley/devstack/accounts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { must } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

let parley: Parley;
let people: Account[];

beforeAll(async () => {
  parley = await Parley.start({ consumers: 2 });
  people = await Promise.all(["alice", "bob", "carol"].map((name) => parley.person(name)));
});
afterAll(() => parley?.stop());

const presenceOf = (user: Account, who: Account) =>
  must<{ lastSeen: string | null }>(parley, who, "GET", `/presence/user/${user.id}`);

it("tells who writes to those who have the room open on any consumer, once, and ends it after 5 s", async () => {
  const [alice, bob, carol] = people as [Account, Account, Account];
  const here = await FrameSocket.listen(parley.consumerSocket, bob.token, "typing");
  const there = await FrameSocket.listen(parley.secondConsumerSocket, carol.token, "typing");
  const elsewhere = await FrameSocket.listen(parley.consumerSocket, bob.token, "other");
  const own = await FrameSocket.listen(parley.consumerSocket, alice.token, "typing");
  const writer = await FrameSocket.open(parley.producerSocket, alice.token);
  for (let i = 0; i < 3; i += 1) writer.send({ type: "typing", room: "typing", isTyping: true });
  const began = performance.now();
  const user = { id: alice.id, username: "alice" };
  for (const socket of [here, there]) {
    expect(await socket.next("typing")).toEqual({ type: "typing", room: "typing", user, isTyping: true });
    expect(await socket.next("typing")).toEqual({ type: "typing", room: "typing", user, isTyping: false });
  }
  expect(performance.now() - began).toBeGreaterThan(4_500);
  for (const socket of [here, there])
    expect(socket.frames.filter((frame) => frame.type === "typing")).toHaveLength(2);
  for (const socket of [elsewhere, own])
    expect(socket.frames.some((frame) => frame.type === "typing")).toBe(false);
  for (const socket of [here, there, elsewhere, own, writer]) socket.close();
});

it("tells who comes and goes to those with a room in common, with several devices and after a crash", async () => {
  const [alice, bob, carol] = people as [Account, Account, Account];
  const watcher = await FrameSocket.listen(parley.consumerSocket, bob.token, "lobby");
  const stranger = await FrameSocket.listen(parley.consumerSocket, carol.token, "elsewhere");
  const isAlice = (frame: { type: string }) =>
    frame.type === "presence" && (frame as unknown as { user: { id: string } }).user.id === alice.id;
  const phone = await FrameSocket.listen(parley.consumerSocket, alice.token, "lobby");
  expect(await watcher.find(isAlice)).toMatchObject({ isOnline: true, lastSeen: null });
  const laptop = await FrameSocket.listen(parley.secondConsumerSocket, alice.token, "lobby");
  phone.close();
  await phone.closed;
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(watcher.frames.filter(isAlice)).toHaveLength(1);
  expect(await presenceOf(alice, bob)).toMatchObject({
    isOnline: true,
    lastSeen: null,
  });
  expect(await must(parley, bob, "GET", "/presence/online?room=lobby")).toContainEqual({
    user: { id: alice.id, username: "alice" },
    isOnline: true,
    lastSeen: null,
  });
  await parley.stack.service("ws-consumer-2").stop();
  await laptop.closed;
  const gone = await watcher.find(isAlice, 30_000);
  expect(gone).toMatchObject({ isOnline: false });
  expect(Date.now() - Date.parse(String(gone.lastSeen))).toBeLessThan(10_000);
  await until("last seen is noted", async () => (await presenceOf(alice, bob)).lastSeen !== null);
  expect(stranger.frames.some(isAlice)).toBe(false);
  for (const socket of [watcher, stranger]) socket.close();
});
