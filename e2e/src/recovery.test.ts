import type { Account } from "@parley/devstack/accounts";
import { afterAll, expect, it } from "vitest";
import { ask, call, makeGroup, must, postStored } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice, bob] = await parley.people("alice", "bob");

it("H: after a gap the events are there to be paged, all of them and in order", async () => {
  const { id: room } = await makeGroup(parley, alice, [bob]);
  const first = await postStored(parley, alice, room, "first");
  const second = await postStored(parley, alice, room, "second");
  await must(parley, alice, "PATCH", `/rooms/${room}/messages/${first}`, { body: "edited" });
  await must(parley, alice, "DELETE", `/rooms/${room}/messages/${second}`);
  await must(parley, bob, "POST", `/rooms/${room}/leave`);
  const frames: Frame[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { body } = await call(parley, alice, "GET", `/rooms/${room}/events?after=${after}&limit=3`);
    const page = body as { data: Frame[]; next: number | null; head: number; floor: number };
    expect(page).toMatchObject({ head: second + 3, floor: 1 });
    expect(page.data.length).toBeLessThanOrEqual(3);
    frames.push(...page.data);
    after = page.next;
  }
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, i) => i + 1));
  expect(frames.map(({ type }) => type).slice(-5)).toEqual([
    "message",
    "message",
    "message_edited",
    "message_deleted",
    "member_left",
  ]);
  const beyond = await call(parley, alice, "GET", `/rooms/${room}/events?after=999`);
  expect(beyond.body).toEqual({ data: [], head: second + 3, next: null, floor: 1 });
  expect(await call(parley, bob, "GET", `/rooms/${room}/events`)).toMatchObject({ code: "room_not_found" });
});

it("H: an `after` beyond the head is a reset, and the newest page follows", async () => {
  const head = await postStored(parley, alice, "rewound", "only this");
  using socket = await FrameSocket.open(parley.consumerSocket, alice.token);
  socket.send({ type: "subscribe", room: "rewound", after: head + 100 });
  expect(await socket.next("subscribed")).toMatchObject({ outcome: "reset", head });
  expect(await socket.next("message")).toMatchObject({ seq: head, body: "only this" });
  expect(await socket.next("caught_up")).toMatchObject({ seq: head });
});

it("H: a reply to no visible message keeps its text and loses its replyTo, live and in history", async () => {
  const room = "replies";
  const seq = await postStored(parley, alice, room, "first");
  const gone = await postStored(parley, alice, room, "gone");
  await must(parley, alice, "DELETE", `/rooms/${room}/messages/${gone}`);
  using listener = await FrameSocket.listen(parley.consumerSocket, bob.token, room);
  for (const replyTo of [seq, gone, gone + 1, gone + 50])
    await ask(parley, alice, { room, body: `re ${replyTo}`, replyTo, receipt: "stored" }, "stored");
  const live: Frame[] = [];
  while (live.length < 4) live.push(await listener.next("message"));
  expect(live.map(({ replyTo }) => replyTo)).toEqual([seq, undefined, undefined, undefined]);
  const page = await must<Frame[]>(parley, alice, "GET", `/rooms/${room}/messages?limit=4`);
  expect(page.map(({ body, replyTo }) => [body, replyTo])).toEqual(
    live.map((one) => [one.body, one.replyTo]),
  );
});

it("H: a reaction is answered `stored`, or message_not_found without taking a seq, where its sender asks for it", async () => {
  const seq = await postStored(parley, alice, "receipts", "first");
  using producer = await FrameSocket.open(parley.producerSocket, alice.token);
  const react = async (target: number, id: string) => {
    producer.send({ type: "reaction", room: "receipts", seq: target, emoji: "👍", id, receipt: "stored" });
    expect(await producer.next("ack")).toMatchObject({ id });
    return producer.next("stored", "error");
  };
  expect(await react(seq, "r1")).toMatchObject({ type: "stored", id: "r1", seq: seq + 1 });
  expect(await react(seq, "r1")).toMatchObject({ type: "stored", id: "r1", seq: seq + 1 });
  for (const id of ["r2", "r2"])
    expect(await react(seq + 1, id)).toMatchObject({ id, code: "message_not_found", path: "/seq" });
  expect(await postStored(parley, alice, "receipts", "last")).toBe(seq + 2);
});

it("H: reactions that differ in a variation selector are one", async () => {
  const seq = await postStored(parley, alice, "hearts", "text");
  const react = (who: Account, emoji: string, remove = false) =>
    ask(parley, who, { type: "reaction", room: "hearts", seq, emoji, remove }, "ack");
  const count = async () => {
    const [message] = await must<Frame[]>(parley, alice, "GET", "/rooms/hearts/messages");
    return (message?.reactions as { count: number }[] | undefined)?.map((one) => one.count) ?? [];
  };
  await react(alice, "❤️");
  await react(bob, "❤");
  await until("both count", async () => (await count()).join() === "2");
  await react(alice, "❤", true);
  await until("one is taken back", async () => (await count()).join() === "1");
});

it.each(["PATCH", "DELETE"])(
  "%s of a seq that is no visible message is message_not_found",
  async (method) => {
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const seq = await postStored(parley, alice, room, "text");
    await must(parley, alice, "DELETE", `/rooms/${room}/messages/${seq}`);
    const body = method === "PATCH" ? { body: "x" } : undefined;
    for (const target of [1, seq, seq + 1, 999])
      expect(await call(parley, alice, method, `/rooms/${room}/messages/${target}`, body)).toMatchObject({
        status: 404,
        code: "message_not_found",
      });
  },
);
