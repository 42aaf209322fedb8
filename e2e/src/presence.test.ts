import type { Account } from "@parley/devstack/accounts";
import { afterAll, expect, it } from "vitest";
import { makeGroup, must } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const parley = await Parley.start({ consumers: 2 });
afterAll(() => parley.stop());
const [alice, bob, carol] = await parley.people("alice", "bob", "carol");

const presenceOf = (user: Account, who: Account) =>
  must<{ lastSeen: string | null }>(parley, who, "GET", `/presence/user/${user.id}`);

/** Ids of the users who are online in a room, as `who` sees it. */
const onlineIn = async (room: string, who: Account) =>
  (await must<{ user: Account }[]>(parley, who, "GET", `/presence/online?room=${room}`))
    .map(({ user }) => user.id)
    .sort();
const isPresenceOf =
  (who: Account) =>
  ({ type, user }: Frame) =>
    type === "presence" && (user as Account).id === who.id;

it("delivers typing to members with the room open on any consumer, once, and ends it after 5 s", async () => {
  using here = await FrameSocket.listen(parley.consumerSocket, bob.token, "typing");
  using there = await FrameSocket.listen(parley.secondConsumerSocket, carol.token, "typing");
  using elsewhere = await FrameSocket.listen(parley.consumerSocket, bob.token, "other");
  using own = await FrameSocket.listen(parley.consumerSocket, alice.token, "typing");
  using writer = await FrameSocket.open(parley.producerSocket, alice.token);
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
});

it("delivers presence to users with a room in common, with several devices and after a crash", async () => {
  const watcher = await FrameSocket.listen(parley.consumerSocket, bob.token, "lobby");
  const stranger = await FrameSocket.listen(parley.consumerSocket, carol.token, "elsewhere");
  const isAlice = isPresenceOf(alice);
  const phone = await FrameSocket.listen(parley.consumerSocket, alice.token, "lobby");
  expect(await watcher.find(isAlice)).toMatchObject({ isOnline: true, lastSeen: null });
  const laptop = await FrameSocket.listen(parley.secondConsumerSocket, alice.token, "lobby");
  phone.close();
  await phone.closed;
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(watcher.frames.filter(isAlice)).toHaveLength(1);
  expect(await presenceOf(alice, bob)).toMatchObject({ isOnline: true, lastSeen: null });
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
  await parley.stack.service("ws-consumer-2").startReady();
});

it("D: typing ends with the message that it announced, and with the socket", async () => {
  using listener = await FrameSocket.listen(parley.consumerSocket, bob.token, "typing-ends");
  const began = performance.now();
  for (const end of ["message", "close", "terminate"]) {
    using writer = await FrameSocket.open(parley.producerSocket, alice.token);
    writer.send({ type: "typing", room: "typing-ends", isTyping: true });
    expect(await listener.next("typing")).toMatchObject({ isTyping: true });
    if (end === "message") writer.send({ room: "typing-ends", body: "done" });
    else if (end === "close") writer.close();
    else writer.ws.terminate();
    expect(await listener.next("typing")).toMatchObject({ isTyping: false });
  }
  expect(performance.now() - began).toBeLessThan(4_000);
});

it("D: presence is complete by the time that subscribed is sent, here and by REST, and closing undoes opening", async () => {
  using first = await FrameSocket.listen(parley.consumerSocket, alice.token, "complete");
  const other = await FrameSocket.listen(parley.secondConsumerSocket, carol.token, "complete");
  expect(await first.next("presence")).toMatchObject({ user: { id: carol.id }, isOnline: true });
  using second = await FrameSocket.open(parley.consumerSocket, bob.token);
  second.send({ type: "resume", rooms: { complete: 0, quiet: 0 } });
  const { online } = await second.find(({ type, room }) => type === "subscribed" && room === "complete");
  expect(online).toBe(3);
  const subscribed = second.frames.findIndex(({ room }) => room === "complete");
  const before = second.frames.slice(0, subscribed).filter(({ type }) => type === "presence");
  expect(before.map(({ user }) => (user as Account).id).sort()).toEqual([alice.id, carol.id].sort());
  expect(await onlineIn("complete", bob)).toEqual([alice.id, bob.id, carol.id].sort());
  // Opening and closing at once would cancel each other out.
  await first.find(isPresenceOf(bob));
  second.send({ type: "unsubscribe", room: "complete" });
  await second.next("unsubscribed");
  expect(await onlineIn("complete", bob)).toEqual([alice.id, carol.id].sort());
  expect(await first.find(({ leftRoom }) => leftRoom === "complete")).toMatchObject({ user: { id: bob.id } });
  other.close();
  await until(
    "a closed tab is gone",
    async () => (await onlineIn("complete", bob)).join() === alice.id,
    5_000,
  );
});

it("D: members do not see a removed user, nor does he see them", async () => {
  const { id: room } = await makeGroup(parley, alice, [bob, carol]);
  using owner = await FrameSocket.listen(parley.consumerSocket, alice.token, room);
  using removed = await FrameSocket.listen(parley.secondConsumerSocket, bob.token, room);
  await owner.find(isPresenceOf(bob));
  await must(parley, alice, "DELETE", `/rooms/${room}/members/${bob.id}`);
  await removed.next("unsubscribed");
  const isGone = async () => !(await onlineIn(room, alice)).includes(bob.id);
  await until("he is not there", isGone, 1_000);
  using late = await FrameSocket.listen(parley.secondConsumerSocket, carol.token, room);
  expect(late.frames.some(isPresenceOf(bob))).toBe(false);
  await owner.find(isPresenceOf(carol));
  expect(removed.frames.some(isPresenceOf(carol))).toBe(false);
});
