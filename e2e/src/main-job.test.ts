import { afterAll, expect, it } from "vitest";
import { call, must } from "./api.ts";
import { FrameSocket } from "./frame-socket.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

it("acknowledges a message, delivers it to a member and has it in history, with the same content", async () => {
  using listener = await FrameSocket.open(parley.consumerSocket, bob.token);
  listener.send({ type: "subscribe", id: "s1", room: "general", after: 0 });
  expect(await listener.next("subscribed")).toMatchObject({ id: "s1", head: 0, outcome: "resumed" });
  expect(await listener.next("caught_up")).toEqual({ type: "caught_up", room: "general", seq: 0 });
  using writer = await FrameSocket.open(parley.producerSocket, alice.token);
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
  using resumed = await FrameSocket.open(parley.consumerSocket, bob.token);
  resumed.send({ type: "resume", rooms: { general: 0 } });
  expect(await resumed.next("message")).toEqual(live);
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
