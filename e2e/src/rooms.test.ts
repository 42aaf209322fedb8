import type { Account } from "@parley/devstack/accounts";
import { afterAll, describe, expect, it } from "vitest";
import { addMember, call, makeGroup, must, postStored, type Room } from "./api.ts";
import { type Frame, FrameSocket } from "./frame-socket.ts";
import { Parley, until } from "./parley.ts";

const parley = await Parley.start({ consumers: 2 });
afterAll(() => parley.stop());
const [alice, bob, carol] = await parley.people("alice", "bob", "carol");

const post = (who: Account, room: string, body: string) => postStored(parley, who, room, body);

describe("a group", () => {
  it("is made with its members, who can post at once and hear each other at both consumers", async () => {
    const room = await makeGroup(parley, alice, [bob]);
    expect(room).toMatchObject({ kind: "group", title: "Lunch", role: "owner", head: 3 });
    const sockets = [
      await FrameSocket.open(parley.consumerSocket, alice.token),
      await FrameSocket.open(parley.secondConsumerSocket, bob.token),
    ];
    for (const socket of sockets) {
      socket.send({ type: "subscribe", room: room.id, after: 0 });
      const types: string[] = [];
      for (let i = 0; i < 3; i += 1)
        types.push((await socket.find((frame) => frame.room === room.id && "seq" in frame)).type);
      expect(types).toEqual(["room_updated", "member_joined", "member_joined"]);
    }
    expect(await post(bob, room.id, "hi")).toBe(4);
    for (const socket of sockets) expect(await socket.next("message")).toMatchObject({ seq: 4 });
    await must(parley, alice, "PATCH", `/rooms/${room.id}`, { title: "Long lunch" });
    for (const socket of sockets)
      expect(await socket.next("room_updated")).toMatchObject({ seq: 5, title: "Long lunch" });
    for (const socket of sockets) socket.close();
  });

  it("answers outsiders exactly as a room that does not exist", async () => {
    const { id } = await makeGroup(parley, alice, [bob]);
    const nowhere = "G00000000000000000000000000";
    // The codes of all other requests of an outsider are in rights.test.ts.
    const [ours, none] = await Promise.all(
      [id, nowhere].map((room) => call(parley, carol, "GET", `/rooms/${room}`)),
    );
    expect(ours).toMatchObject({ status: 404, code: "room_not_found" });
    expect(ours).toEqual(none);
    for (const room of [id, nowhere]) await expect(post(carol, room, "x")).rejects.toThrow("room_not_found");
    using socket = await FrameSocket.open(parley.consumerSocket, carol.token);
    const errors: Frame[] = [];
    for (const room of [id, nowhere]) {
      socket.send({ type: "subscribe", room });
      errors.push(await socket.next("error"));
    }
    expect(errors.map(({ code, message }) => [code, message])).toEqual(
      [0, 1].map(() => ["room_not_found", "there is no such room"]),
    );
  });

  it("sends `member_left` to a removed member and nothing more; they can neither resume nor post", async () => {
    const room = await makeGroup(parley, alice, [bob, carol]);
    const listeners = [
      await FrameSocket.listen(parley.consumerSocket, bob.token, room.id),
      await FrameSocket.listen(parley.secondConsumerSocket, bob.token, room.id),
    ];
    const idle = await FrameSocket.open(parley.secondConsumerSocket, bob.token);
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
      expect(await socket.next("error")).toMatchObject({ code: "room_not_found" });
      expect(socket.frames.filter(({ type }) => type === "message")).toEqual([]);
      socket.close();
    }
    await addMember(parley, alice, room.id, bob);
    expect(await post(bob, room.id, "back")).toBeGreaterThan(0);
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
    const rooms = answers.map(({ data }) => data as Room & { with: Account });
    expect(new Set(rooms.map(({ id }) => id)).size).toBe(1);
    expect(rooms.map((room) => room.with.username)).toEqual(
      rooms.map((_, i) => (i % 2 === 0 ? "bob" : "alice")),
    );
    expect(rooms[0]?.id).toMatch(/^D[0-9A-Z]{26}$/);
  });

  it("that are direct are not opened with somebody whose account is deleted", async () => {
    const gone = await parley.person("gone");
    await must(parley, gone, "DELETE", "/me", { password: gone.password }, "auth");
    expect(await call(parley, alice, "POST", "/directs", { userId: gone.id })).toMatchObject({
      status: 404,
      code: "user_not_found",
    });
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
    const { id } = await makeGroup(parley, alice, [bob, carol]);
    const leave = (who: Account, query = "") => call(parley, who, "POST", `/rooms/${id}/leave${query}`);
    expect(await leave(alice)).toMatchObject({ status: 409, code: "last_owner" });
    await must(parley, alice, "PATCH", `/rooms/${id}/members/${bob.id}`, { role: "owner" });
    const both = await Promise.all([leave(alice), leave(bob)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const left = both[0]?.status === 200 ? bob : alice;
    expect(await leave(left, `?successor=${carol.id}`)).toMatchObject({ status: 200 });
    const members = await must<{ user: Account; role: string }[]>(
      parley,
      carol,
      "GET",
      `/rooms/${id}/members`,
    );
    expect(members).toMatchObject([{ user: { id: carol.id }, role: "owner" }]);
  });

  it("that are deleted are gone for everybody, and their name is not given again", async () => {
    await must(parley, alice, "POST", "/rooms", { kind: "channel", name: "short-lived" });
    using socket = await FrameSocket.listen(parley.secondConsumerSocket, bob.token, "short-lived");
    await must(parley, alice, "DELETE", "/rooms/short-lived");
    await socket.next("unsubscribed");
    await expect(post(bob, "short-lived", "x")).rejects.toThrow("room_not_found");
    expect(await call(parley, bob, "GET", "/rooms/short-lived/messages")).toMatchObject({ status: 404 });
    expect(await call(parley, bob, "POST", "/rooms/short-lived/join")).toMatchObject({ status: 404 });
    expect(
      await call(parley, alice, "POST", "/rooms", { kind: "channel", name: "short-lived" }),
    ).toMatchObject({ status: 409, code: "room_exists" });
  });
});
