import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, must } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, type Person, until } from "./parley.ts";

type Room = { id: string; unread: number; readSeq: number; head: number; title: string; role: string };

let parley: Parley;
let alice: Person;
let bob: Person;
let carol: Person;

beforeAll(async () => {
  parley = await Parley.start({ consumers: 2 });
  alice = await parley.person("alice");
  bob = await parley.person("bob");
  carol = await parley.person("carol");
});
afterAll(() => parley?.stop());

const secondSocket = () => `${parley.url("ws-consumer-2").replace("http", "ws")}/ws`;
const makeGroup = (members: Person[]) =>
  must<Room>(parley, alice, "POST", "/rooms", {
    kind: "group",
    title: "Lunch",
    members: members.map(({ id }) => id),
  });

/** Posts and waits until it is stored; gives its seq. */
async function post(who: Person, room: string, body: string): Promise<number> {
  const socket = await FrameSocket.open(parley.producerSocket, who.token);
  socket.send({ room, body, receipt: "stored" });
  const stored = await socket.next(({ type }) => type === "stored" || type === "error");
  socket.close();
  if (stored.type === "error") throw new Error(String(stored.code));
  return Number(stored.seq);
}

describe("a group", () => {
  it("is made with its members, who can post at once and hear each other at both consumers", async () => {
    const room = await makeGroup([bob]);
    expect(room).toMatchObject({ kind: "group", title: "Lunch", role: "owner", head: 3 });
    const sockets = [
      await FrameSocket.open(parley.consumerSocket, alice.token),
      await FrameSocket.open(secondSocket(), bob.token),
    ];
    for (const socket of sockets) {
      socket.send({ type: "subscribe", room: room.id, after: 0 });
      const types: string[] = [];
      for (let i = 0; i < 3; i += 1) types.push((await socket.next((frame) => "seq" in frame)).type);
      expect(types).toEqual(["room_updated", "member_joined", "member_joined"]);
    }
    expect(await post(bob, room.id, "hi")).toBe(4);
    for (const socket of sockets)
      expect(await socket.next(({ type }) => type === "message")).toMatchObject({ seq: 4 });
    await must(parley, alice, "PATCH", `/rooms/${room.id}`, { title: "Long lunch" });
    for (const socket of sockets)
      expect(await socket.next(({ type }) => type === "room_updated")).toMatchObject({
        seq: 5,
        title: "Long lunch",
      });
    for (const socket of sockets) socket.close();
  });

  it("is not there for others, in no way that differs from a room that is really not there", async () => {
    const { id } = await makeGroup([bob]);
    const nowhere = "G00000000000000000000000000";
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["GET", "/messages", undefined],
      ["GET", "/members", undefined],
      ["POST", "/join", undefined],
      ["POST", "/leave", undefined],
      ["POST", "/members", { userId: carol.id }],
      ["PATCH", "", { title: "mine" }],
      ["PATCH", "", { isMuted: true }],
      ["DELETE", "", undefined],
      ["PUT", "/read", { seq: 1 }],
      ["PATCH", "/messages/1", { body: "x" }],
      ["DELETE", "/messages/1", undefined],
    ] as const) {
      const answers = await Promise.all(
        [id, nowhere].map((room) => call(parley, carol, method, `/rooms/${room}${path}`, body)),
      );
      expect([method, path, answers.map(({ status, code }) => [status, code])]).toEqual([
        method,
        path,
        [
          [404, "room_not_found"],
          [404, "room_not_found"],
        ],
      ]);
    }
    for (const room of [id, nowhere]) await expect(post(carol, room, "x")).rejects.toThrow("room_not_found");
    const socket = await FrameSocket.open(parley.consumerSocket, carol.token);
    const errors: Frame[] = [];
    for (const room of [id, nowhere]) {
      socket.send({ type: "subscribe", room });
      errors.push(await socket.next(({ type }) => type === "error"));
    }
    expect(errors.map(({ code, message }) => [code, message])).toEqual(
      [0, 1].map(() => ["room_not_found", "there is no such room"]),
    );
    socket.close();
  });

  it("tells somebody who is removed, and nothing more; they can neither resume nor post", async () => {
    const room = await makeGroup([bob, carol]);
    const listeners = [
      await FrameSocket.open(parley.consumerSocket, bob.token),
      await FrameSocket.open(secondSocket(), bob.token),
    ];
    const idle = await FrameSocket.open(secondSocket(), bob.token);
    for (const socket of listeners) {
      socket.send({ type: "subscribe", room: room.id });
      await socket.next(({ type }) => type === "caught_up");
    }
    const began = performance.now();
    await must(parley, alice, "DELETE", `/rooms/${room.id}/members/${bob.id}`);
    // Which of the two comes first does not matter: one goes the short way, the other through the log.
    const has = (socket: FrameSocket, type: string) =>
      socket.frames.some((frame) => frame.type === type && frame.room === room.id);
    await until("all are told", () => [...listeners, idle].every((socket) => has(socket, "member_left")));
    await until("they are out", () => listeners.every((socket) => has(socket, "unsubscribed")));
    expect(performance.now() - began).toBeLessThan(1_000);
    await expect(post(bob, room.id, "still here?")).rejects.toThrow("room_not_found");
    await post(carol, room.id, "they are gone");
    for (const socket of [...listeners, idle]) {
      socket.send({ type: "resume", rooms: { [room.id]: 0 } });
      expect(await socket.next(({ type }) => type === "error")).toMatchObject({ code: "room_not_found" });
      expect(socket.frames.filter(({ type }) => type === "message")).toEqual([]);
      socket.close();
    }
    await must(parley, alice, "POST", `/rooms/${room.id}/members`, { userId: bob.id });
    expect(await post(bob, room.id, "back")).toBeGreaterThan(0);
  });
});

describe("messages", () => {
  it("are edited, deleted and reacted to; history shows what is left, and a resume tells it as well", async () => {
    const { id: room } = await makeGroup([bob]);
    const first = await post(bob, room, "frist");
    const second = await post(bob, room, "secret words");
    await must(parley, bob, "PATCH", `/rooms/${room}/messages/${first}`, { body: "first" });
    const erased = await must(parley, alice, "DELETE", `/rooms/${room}/messages/${second}`);
    expect(erased).toMatchObject({ seq: second, body: "" });
    const producer = await FrameSocket.open(parley.producerSocket, alice.token);
    for (const frame of [{ emoji: "👍" }, { emoji: "👍" }, { emoji: "🎉" }, { emoji: "🎉", remove: true }]) {
      producer.send({ type: "reaction", room, seq: first, ...frame });
      expect((await producer.next(({ type }) => type !== "hello")).type).toBe("ack");
    }
    producer.close();
    const page = async () =>
      (await call(parley, alice, "GET", `/rooms/${room}/messages`)).body as { data: Frame[]; head: number };
    await until("reactions are stored", async () => (await page()).head === second + 6);
    const { data } = await page();
    expect(data).toMatchObject([
      { seq: first, body: "first", reactions: [{ emoji: "👍", count: 1, mine: true }] },
      { seq: second, body: "" },
    ]);
    expect(data[0]).toHaveProperty("editedAt");
    expect(data[1]).toHaveProperty("deletedAt");
    const socket = await FrameSocket.open(secondSocket(), bob.token);
    socket.send({ type: "resume", rooms: { [room]: 0 } });
    await socket.next(({ type }) => type === "caught_up");
    expect(socket.frames.map(({ type }) => type)).toEqual([
      "hello",
      "subscribed",
      "room_updated",
      "member_joined",
      "member_joined",
      "message",
      "message",
      "message_edited",
      "message_deleted",
      "reaction",
      "reaction",
      "reaction",
      "reaction",
      "caught_up",
    ]);
    expect(JSON.stringify(socket.frames)).not.toContain("secret words");
    socket.close();
  });

  it("are found by their words, in rooms that one may read, as long as they say that", async () => {
    const { id: room } = await makeGroup([bob]);
    const seq = await post(bob, room, "We are running with xylophones");
    await post(carol, "found", "a public xylophone, running too");
    const find = async (who: Person, query: string) =>
      (await must<Frame[]>(parley, who, "GET", `/search?${query}`)).map(({ body }) => body);
    expect(await find(alice, "q=xylophone%20run")).toEqual([
      "a public xylophone, running too",
      "We are running with xylophones",
    ]);
    expect(await find(carol, "q=xylophone")).toEqual(["a public xylophone, running too"]);
    expect(await find(alice, `q=xylophone&room=${room}`)).toEqual(["We are running with xylophones"]);
    expect(await find(alice, "q=xylophone%20-public")).toEqual(["We are running with xylophones"]);
    expect(await call(parley, carol, "GET", `/search?q=x&room=${room}`)).toMatchObject({
      code: "room_not_found",
    });
    const first = (await call(parley, alice, "GET", "/search?q=xylophone&limit=1")).body as { next: string };
    expect(await find(alice, `q=xylophone&limit=1&cursor=${first.next}`)).toEqual([
      "We are running with xylophones",
    ]);
    await must(parley, bob, "PATCH", `/rooms/${room}/messages/${seq}`, {
      body: "We are walking with violins",
    });
    expect(await find(alice, `q=xylophone&room=${room}`)).toEqual([]);
    expect(await find(alice, `q=violin&room=${room}`)).toEqual(["We are walking with violins"]);
    await must(parley, bob, "DELETE", `/rooms/${room}/messages/${seq}`);
    expect(await find(alice, `q=violin&room=${room}`)).toEqual([]);
  });

  it("have replies that are counted, and pages before, after and around a seq", async () => {
    const { id: room } = await makeGroup([bob]);
    const first = await post(alice, room, "question");
    const producer = await FrameSocket.open(parley.producerSocket, bob.token);
    for (const body of ["one", "two"]) {
      producer.send({ room, body, replyTo: first, receipt: "stored" });
      await producer.next(({ type }) => type === "stored");
    }
    producer.close();
    const page = (query: string) => must<Frame[]>(parley, bob, "GET", `/rooms/${room}/messages?${query}`);
    expect(await page("limit=3")).toMatchObject([{ replies: 2 }, { replyTo: first }, { replyTo: first }]);
    await must(parley, bob, "DELETE", `/rooms/${room}/messages/${first + 1}`);
    expect(await page("limit=3")).toMatchObject([{ replies: 1 }, { body: "" }, { body: "two" }]);
    const seqs = async (query: string) => (await page(query)).map(({ seq }) => Number(seq) - first);
    expect(await seqs(`around=${first + 1}&limit=2`)).toEqual([0, 1]);
    expect(await seqs(`before=${first + 1}&limit=5`)).toEqual([0]);
    expect(await seqs(`after=${first}&limit=1`)).toEqual([1]);
  });

  it("are read: cursors never go back, reach other devices and members, and count what is unread", async () => {
    const { id: room } = await makeGroup([bob]);
    const seqs: number[] = [];
    for (const body of ["one", "two", "three"]) seqs.push(await post(alice, room, body));
    const unread = async (who: Person) =>
      (await must<{ rooms: Room[] }>(parley, who, "GET", "/unread")).rooms.filter(
        (one) => (one as unknown as { room: string }).room === room,
      );
    expect(await unread(bob)).toMatchObject([{ unread: 3 }]);
    expect(await unread(alice)).toEqual([]);
    const devices = [
      await FrameSocket.open(secondSocket(), bob.token),
      await FrameSocket.open(parley.consumerSocket, alice.token),
    ];
    devices[1]?.send({ type: "subscribe", room });
    await devices[1]?.next(({ type }) => type === "caught_up");
    const producer = await FrameSocket.open(parley.producerSocket, bob.token);
    producer.send({ type: "read", id: "r1", room, seq: seqs[1] });
    expect(await producer.next(({ type }) => type === "ack")).toMatchObject({ id: "r1", seq: seqs[1] });
    producer.send({ type: "read", room, seq: seqs[0] });
    expect(await producer.next(({ type }) => type === "ack")).toMatchObject({ seq: seqs[1] });
    for (const socket of devices)
      expect(await socket.next(({ type }) => type === "read")).toEqual({
        type: "read",
        room,
        user: { id: bob.id, username: "bob" },
        seq: seqs[1],
      });
    expect(await unread(bob)).toMatchObject([{ unread: 1, readSeq: seqs[1] }]);
    expect(await must(parley, bob, "PUT", `/rooms/${room}/read`, { seq: 9_999 })).toEqual({
      room,
      seq: seqs[2],
    });
    expect(await unread(bob)).toEqual([]);
    for (const socket of [...devices, producer]) socket.close();
  });
});

describe("rooms", () => {
  it("that are direct are made once, however often and by whom they are asked for", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0
          ? call(parley, alice, "POST", "/directs", { userId: bob.id })
          : call(parley, bob, "POST", "/directs", { userId: alice.id }),
      ),
    );
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    const rooms = answers.map(({ data }) => data as Room & { with: Person });
    expect(new Set(rooms.map(({ id }) => id)).size).toBe(1);
    expect(rooms.map((room) => room.with.username)).toEqual(
      rooms.map((_, i) => (i % 2 === 0 ? "bob" : "alice")),
    );
    expect(rooms[0]?.id).toMatch(/^D[0-9A-Z]{26}$/);
  });

  it("are listed as an inbox: pinned first, then the newest message, page by page", async () => {
    const dave = await parley.person("dave");
    const names = ["inbox-a", "inbox-b", "inbox-c"];
    for (const name of names) await must(parley, dave, "POST", "/rooms", { kind: "channel", name });
    await post(alice, "inbox-b", "b");
    await post(alice, "inbox-a", "a");
    await must(parley, dave, "PATCH", "/rooms/inbox-c", { isPinned: true, isMuted: true });
    const inbox = await must<Room[]>(parley, dave, "GET", "/rooms");
    expect(inbox).toMatchObject([
      { id: "inbox-c", isPinned: true, isMuted: true, unread: 0, lastMessage: null },
      { id: "inbox-a", unread: 1, lastMessage: { body: "a" } },
      { id: "inbox-b", unread: 1, lastMessage: { body: "b" } },
    ]);
    const paged: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await call(parley, dave, "GET", `/rooms?limit=1${cursor}`);
      const { data, next } = body as { data: Room[]; next: string | null };
      paged.push(...data.map(({ id }) => id));
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(paged).toEqual(inbox.map(({ id }) => id));
  });

  it("keep their last owner, also when two owners go at the same moment", async () => {
    const { id } = await makeGroup([bob, carol]);
    const leave = (who: Person, query = "") => call(parley, who, "POST", `/rooms/${id}/leave${query}`);
    expect(await leave(alice)).toMatchObject({ status: 409, code: "last_owner" });
    await must(parley, alice, "PATCH", `/rooms/${id}/members/${bob.id}`, { role: "owner" });
    const both = await Promise.all([leave(alice), leave(bob)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const left = both[0]?.status === 200 ? bob : alice;
    expect(await leave(left, `?successor=${carol.id}`)).toMatchObject({ status: 200 });
    const members = await must<{ user: Person; role: string }[]>(
      parley,
      carol,
      "GET",
      `/rooms/${id}/members`,
    );
    expect(members).toMatchObject([{ user: { id: carol.id }, role: "owner" }]);
  });

  it("that are deleted are gone for everybody, and their name is not given again", async () => {
    await must(parley, alice, "POST", "/rooms", { kind: "channel", name: "short-lived" });
    const socket = await FrameSocket.open(secondSocket(), bob.token);
    socket.send({ type: "subscribe", room: "short-lived" });
    await socket.next(({ type }) => type === "caught_up");
    await must(parley, alice, "DELETE", "/rooms/short-lived");
    await socket.next(({ type }) => type === "unsubscribed");
    await expect(post(bob, "short-lived", "x")).rejects.toThrow("room_not_found");
    expect(await call(parley, bob, "GET", "/rooms/short-lived/messages")).toMatchObject({ status: 404 });
    expect(await call(parley, bob, "POST", "/rooms/short-lived/join")).toMatchObject({ status: 404 });
    expect(
      await call(parley, alice, "POST", "/rooms", { kind: "channel", name: "short-lived" }),
    ).toMatchObject({
      status: 409,
      code: "room_exists",
    });
    socket.close();
  });
});
