import type { Account } from "@parley/devstack/accounts";
import { afterAll, describe, expect, it } from "vitest";
import { ask, call, makeGroup, must, postStored } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const parley = await Parley.start({ consumers: 2 });
afterAll(() => parley.stop());
const [alice, bob, carol] = await parley.people("alice", "bob", "carol");

const post = (who: Account, room: string, body: string) => postStored(parley, who, room, body);

describe("messages", () => {
  it("J: a send followed at once by a clean close is stored", async () => {
    for (let i = 0; i < 20; i += 1) {
      using socket = await FrameSocket.open(parley.producerSocket, alice.token);
      socket.send({ id: `c${i}`, room: "closing", body: "hello" });
    }
    await until("all are stored", async () => (await parley.history("closing", bob.token)).length === 20);
  });

  it("are edited, deleted and reacted to; history has the result, and a resume delivers the events", async () => {
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const first = await post(bob, room, "frist");
    const second = await post(bob, room, "secret words");
    await must(parley, bob, "PATCH", `/rooms/${room}/messages/${first}`, { body: "first" });
    const erased = await must(parley, alice, "DELETE", `/rooms/${room}/messages/${second}`);
    expect(erased).toMatchObject({ seq: second, body: "" });
    for (const frame of [{ emoji: "👍" }, { emoji: "👍" }, { emoji: "🎉" }, { emoji: "🎉", remove: true }])
      await ask(parley, alice, { type: "reaction", room, seq: first, ...frame }, "ack");
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
    using socket = await FrameSocket.open(parley.secondConsumerSocket, bob.token);
    socket.send({ type: "resume", rooms: { [room]: 0 } });
    await socket.next("caught_up");
    // `read`: who writes has read that, which may be told now.
    const heard = socket.frames.filter((frame) => frame.room !== "@me" && frame.type !== "read");
    expect(heard.map(({ type }) => type)).toEqual([
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
  });

  it("are found by their words, in rooms that one may read, as long as they say that", async () => {
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const seq = await post(bob, room, "We are running with xylophones");
    await post(carol, "found", "a public xylophone, running too");
    const find = async (who: Account, query: string) =>
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
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const first = await post(alice, room, "question");
    for (const body of ["one", "two"])
      await ask(parley, bob, { room, body, replyTo: first, receipt: "stored" }, "stored");
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
    const { id: room } = await makeGroup(parley, alice, [bob]);
    const seqs: number[] = [];
    for (const body of ["one", "two", "three"]) seqs.push(await post(alice, room, body));
    const unread = async (who: Account) => {
      const { rooms } = await must<{ rooms: { room: string }[] }>(parley, who, "GET", "/unread");
      return rooms.filter((one) => one.room === room);
    };
    expect(await unread(bob)).toMatchObject([{ unread: 3 }]);
    expect(await unread(alice)).toEqual([]);
    using device = await FrameSocket.open(parley.secondConsumerSocket, bob.token);
    using member = await FrameSocket.listen(parley.consumerSocket, alice.token, room);
    const read = (frame: object) => ask(parley, bob, { type: "read", room, ...frame }, "ack");
    expect(await read({ id: "r1", seq: seqs[1] })).toMatchObject({ id: "r1", seq: seqs[1] });
    expect(await read({ seq: seqs[0] })).toMatchObject({ seq: seqs[1] });
    const mark = { type: "read", room, user: { id: bob.id, username: "bob" }, seq: seqs[1] };
    for (const socket of [device, member])
      expect(await socket.find(({ type, seq }) => type === "read" && seq === seqs[1])).toEqual(mark);
    expect(await unread(bob)).toMatchObject([{ unread: 1, readSeq: seqs[1] }]);
    const moved = await must(parley, bob, "PUT", `/rooms/${room}/read`, { seq: 9_999 });
    expect(moved).toEqual({ room, seq: seqs[2] });
    expect(await unread(bob)).toEqual([]);
  });
});
