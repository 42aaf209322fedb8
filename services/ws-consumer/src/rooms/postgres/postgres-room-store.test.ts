import { describe, expect, it } from "vitest";
import { openTestDatabase } from "../../postgres/database-fixture.ts";
import { createOutbox } from "../../writing/postgres/outbox.ts";
import type { OutboxRow } from "../room-store.ts";
import { NO_QUOTAS } from "../rules/quotas.ts";
import { createRoomStore } from "./postgres-room-store.ts";
import { createReadCursors } from "./read-cursors.ts";
import { createFindStanding, createRoomViews, createWhoMayRead } from "./room-views.ts";
import { readRights } from "./stored-rights.ts";

const database = await openTestDatabase(4);

const alice = { id: "u-alice", username: "alice" };
const bob = { id: "u-bob", username: "bob" };
const joined = (member: typeof alice, role: "owner" | "member"): OutboxRow => ({
  entry: JSON.stringify({ type: "member_joined", who: member.id }),
  member,
  role,
});

describe("the room store", () => {
  it("creates a room once, with its members and outbox rows, or does nothing", async () => {
    const store = createRoomStore(database, 4, NO_QUOTAS);
    const room = { id: "made", kind: "channel", title: "Made", createdBy: alice.id } as const;
    expect(await store.create(room, [joined(alice, "owner"), joined(bob, "member")])).toBe(true);
    expect(await store.create({ ...room, title: "Again" }, [joined(bob, "owner")])).toBe(false);
    expect(await store.state("made", alice, bob.id)).toEqual({
      id: "made",
      kind: "channel",
      title: "Made",
      version: 0,
      owners: 1,
      actor: { user: alice, standing: "owner" },
      target: { user: bob, role: "member" },
    });
    const rows = await createOutbox(database).pending([0, 1, 2, 3], 10);
    expect(
      rows.map(({ room: id, member, role, entry }) => [id, member, role, JSON.parse(String(entry))]),
    ).toEqual([
      ["made", alice.id, "owner", { type: "member_joined", who: alice.id, readSeq: 0 }],
      ["made", bob.id, "member", { type: "member_joined", who: bob.id, readSeq: 0 }],
    ]);
    await createOutbox(database).delete(rows.map(({ id }) => id));
    expect(await createOutbox(database).pending([0, 1, 2, 3], 10)).toEqual([]);
  });

  it("applies one of several changes that were checked against the same version", async () => {
    const store = createRoomStore(database, 4, NO_QUOTAS);
    const room = { id: "raced", kind: "channel", title: null, createdBy: alice.id } as const;
    await store.create(room, [joined(alice, "owner"), joined(bob, "member")]);
    const leave: OutboxRow = { entry: "{}", member: bob, role: "none" };
    const changes = await Promise.all(Array.from({ length: 8 }, () => store.change("raced", 0, [leave])));
    expect(changes.filter(Boolean)).toHaveLength(1);
    expect((await store.state("raced", bob, bob.id))?.actor.standing).toBe("outsider");
    expect((await store.state("raced", bob, bob.id))?.version).toBe(1);
    const close: OutboxRow = { entry: "{}", title: null, roomState: "none" };
    expect(await store.change("raced", 1, [close])).toBe(true);
    expect(await store.state("raced", alice, alice.id)).toBeUndefined();
    expect(await store.change("raced", 2, [close])).toBe(false);
    expect((await Array.fromAsync(readRights(database))).flat()).toContainEqual({
      room: "raced",
      userId: null,
      state: "none",
      version: 0,
    });
  });

  it("reads who may read what, and shows empty rooms", async () => {
    const findStanding = createFindStanding(database);
    const rooms = ["made", "raced", "nowhere"];
    expect(await Promise.all(rooms.map((room) => findStanding(bob.id, room)))).toEqual([
      { standing: "member", isGone: false },
      { standing: "outsider", isGone: true },
      undefined,
    ]);
    const inMade = [alice.id, bob.id, "u-nobody"].map((id) => findStanding(id, "made"));
    expect((await Promise.all(inMade)).map((found) => found?.standing)).toEqual([
      "owner",
      "member",
      "outsider",
    ]);
    const whoMayRead = createWhoMayRead(database);
    expect(await whoMayRead("made", [alice.id])).toEqual(new Set([alice.id]));
    expect(await whoMayRead("raced", [alice.id])).toEqual(new Set());
    expect(await whoMayRead("G00000000000000000000000000", [alice.id])).toEqual(new Set());
    const views = createRoomViews(database);
    expect(await views.inbox(bob.id, 10)).toMatchObject([
      { id: "made", role: "member", unread: 0, lastMessage: null },
    ]);
    expect(await views.channels("u-nobody", 10)).toMatchObject([{ id: "made", role: null }]);
    expect(await views.members("made", 10)).toMatchObject([
      { user: alice, role: "owner" },
      { user: bob, role: "member" },
    ]);
    expect(await views.unread(bob.id)).toEqual([]);
  });

  it("moves read cursors forward only, and never past the head", async () => {
    const { move, ofRoom } = createReadCursors(database);
    await database.query("update chat.rooms set head = 10 where id = 'made'");
    const mark = async (seq: number) => (await move([{ room: "made", user: bob, seq }])).cursors;
    expect(await mark(5)).toEqual([{ room: "made", userId: bob.id, seq: 5, isMoved: true }]);
    expect(await mark(3)).toEqual([{ room: "made", userId: bob.id, seq: 5, isMoved: false }]);
    expect(await mark(99)).toEqual([{ room: "made", userId: bob.id, seq: 10, isMoved: true }]);
    expect(await move([{ room: "raced", user: alice, seq: 1 }])).toEqual({ cursors: [], noted: [] });
    expect(await ofRoom("made", 10)).toEqual([{ room: "made", user: bob, seq: 10 }]);
  });
});
