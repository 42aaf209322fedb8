import { afterAll, expect, it } from "vitest";
import { call, must } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";
import { checkTraffic } from "./traffic-fixture.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

it("acknowledges a message, delivers it to a member and has it in history, with the same content", async () => {
  const listener = await FrameSocket.open(parley.consumerSocket, bob.token);
  listener.send({ type: "subscribe", id: "s1", room: "general", after: 0 });
  expect(await listener.next("subscribed")).toMatchObject({ id: "s1", head: 0, outcome: "resumed" });
  expect(await listener.next("caught_up")).toEqual({ type: "caught_up", room: "general", seq: 0 });
  const writer = await FrameSocket.open(parley.producerSocket, alice.token);
  writer.send({ room: "general", body: "Hello, World!" });
  const ack = await writer.next("ack");
  expect(ack).toMatchObject({ room: "general", stored: "log", duplicate: false });
  const live = await listener.next("message");
  expect(live).toEqual({
    type: "message",
    room: "general",
    seq: 1,
    id: ack.id,
    author: { id: alice.id, username: "alice" },
    body: "Hello, World!",
    at: ack.at,
  });
  expect(await parley.history("general", bob.token)).toEqual([live]);
  const resumed = await FrameSocket.open(parley.consumerSocket, bob.token);
  resumed.send({ type: "resume", rooms: { general: 0 } });
  expect(await resumed.next("message")).toEqual(live);
  for (const socket of [listener, writer, resumed]) socket.close();
});

it("sends a `stored` receipt to a sender that asks for it, for a duplicate too", async () => {
  const writer = await FrameSocket.open(parley.producerSocket, alice.token);
  for (const duplicate of [false, true]) {
    writer.send({ type: "message", id: "r1", room: "receipts", body: "stored?", receipt: "stored" });
    expect(await writer.next("ack")).toMatchObject({ id: "r1", duplicate });
    expect(await writer.next("stored")).toEqual({ type: "stored", id: "r1", room: "receipts", seq: 1 });
  }
  writer.close();
});

it("stores a message once that is sent 50 times over two sockets, and acknowledges each", async () => {
  const sockets = await Promise.all([1, 2].map(() => FrameSocket.open(parley.producerSocket, alice.token)));
  for (let i = 0; i < 25; i += 1) {
    for (const socket of sockets)
      socket.send({ type: "message", id: "same", room: "once", body: "only once" });
  }
  const acks: Frame[] = [];
  for (const socket of sockets) {
    for (let i = 0; i < 25; i += 1) acks.push(await socket.next("ack"));
  }
  expect(acks.filter((ack) => ack.id === "same")).toHaveLength(50);
  expect(acks.filter((ack) => ack.duplicate === false)).toHaveLength(1);
  expect(new Set(acks.map((ack) => ack.at)).size).toBe(1);
  await until("it is in history", async () => (await parley.history("once", bob.token)).length > 0);
  sockets[0]?.send({ type: "message", id: "after", room: "once", body: "later" });
  await until("the next is in history", async () => (await parley.history("once", bob.token)).length > 1);
  expect((await parley.history("once", bob.token)).map(({ seq, id }) => [seq, id])).toEqual([
    [1, "same"],
    [2, "after"],
  ]);
  for (const socket of sockets) socket.close();
});

it("keeps one hole-free order under 20 senders, the same for every member and in history", async () => {
  const names = Array.from({ length: 20 }, (_, i) => `sender${i}`);
  const people = await Promise.all(names.map((name) => parley.person(name)));
  const ids = Array.from({ length: 50 }, (_, i) => `m${i}`);
  const traffic = { parley, room: "busy", senders: people, listeners: [alice, bob] };
  const history = await checkTraffic(traffic, async (senders) => {
    for (const sender of senders) for (const id of ids) void sender.send("busy", id, `message ${id}`);
  });
  // The messages of each sender are in the order of its sends.
  for (const one of people) {
    const own = history.filter(({ author }) => author.id === one.id).map(({ id }) => id);
    expect(own).toEqual(ids);
  }
});

it("takes the HTTP twin with an Idempotency-Key, and no page that is before and after a seq", async () => {
  const answer = await fetch(`${parley.url("ws-producer")}/api/v1/rooms/paged/messages`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${alice.token}`,
      "content-type": "application/json",
      "idempotency-key": Buffer.from("ŝlosilo 7").toString("latin1"),
    },
    body: JSON.stringify({ body: "no 7" }),
  });
  expect(answer.status).toBe(201);
  const ack = { type: "ack", id: "ŝlosilo 7", room: "paged", duplicate: false };
  expect(await answer.json()).toMatchObject({ data: ack });
  const again = { id: "ŝlosilo 7", body: "no 7" };
  expect(await must(parley, alice, "POST", "/rooms/paged/messages", again, "ws-producer")).toMatchObject({
    id: "ŝlosilo 7",
    duplicate: true,
  });
  const both = await call(parley, bob, "GET", "/rooms/paged/messages?before=1&after=1");
  expect(both).toMatchObject({ status: 400, code: "bad_frame" });
});
