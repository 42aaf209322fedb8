import { freshGroupId, freshInviteCode } from "@parley/protocol/room-ids";
import { TokenBuckets } from "@parley/runtime/token-bucket";
import { describe, expect, it } from "vitest";
import { openTestDatabase } from "../postgres/database-fixture.ts";
import { RoomTurns } from "./apply-change.ts";
import { createChangeRooms } from "./change-rooms.ts";
import { createInvitations } from "./invitations.ts";
import { createBlockStore } from "./postgres/block-store.ts";
import { createInvitationStore } from "./postgres/invitation-store.ts";
import { createRoomStore } from "./postgres/postgres-room-store.ts";
import { createRoomViews } from "./postgres/room-views.ts";
import { NO_QUOTAS, type RoomQuotas } from "./rules/quotas.ts";

const userOf = (name: string) => ({ id: `u-${name}`, username: name });
const [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(userOf) as [User, User, User, User];
type User = ReturnType<typeof userOf>;

const database = await openTestDatabase(4);

/** The use cases with these quotas, and others that are as good as none. */
function start(quotas: Partial<RoomQuotas> = {}, takeTurn: (userId: string) => number = () => 0) {
  const all = { ...NO_QUOTAS, ...quotas };
  const invitations = createInvitationStore(database, all);
  const deps = {
    store: createRoomStore(database, 4, all),
    invitations,
    blocks: createBlockStore(database, 4, all),
    takeTurn,
    receipts: { open: () => `receipt.${crypto.randomUUID()}`, wait: async () => 1 },
    notices: { outboxFilled: () => undefined, accessChanged: () => undefined },
    turns: new RoomTurns(),
    now: () => new Date(),
    freshId: () => crypto.randomUUID(),
    findUsers: async (ids: readonly string[]) => ids.map((id) => userOf(id.slice(2))),
    freshGroupId,
    freshCode: freshInviteCode,
    isAutoCreated: true,
  };
  return { rooms: createChangeRooms(deps), invitations: createInvitations(deps) };
}
const membersOf = async (room: string) =>
  (await createRoomViews(database).members(room, 100)).map(({ user }) => user.username).sort();
const INVALID = { code: "invite_invalid" };

describe("A: somebody who shares no room", () => {
  it("is invited, and is a member once they accept; others are members at once", async () => {
    const { rooms, invitations } = start();
    await rooms.join(alice, "shared");
    await rooms.join(bob, "shared");
    const { room, invited } = await rooms.createGroup(alice, "Lunch", [bob.id, carol.id]);
    expect(invited).toMatchObject([{ room, title: "Lunch", user: carol, role: "member", by: alice }]);
    expect(await membersOf(room)).toEqual(["alice", "bob"]);
    expect(await invitations.list(carol)).toEqual(invited);
    expect(await rooms.invite(alice, room, dave.id, "admin")).toMatchObject({ user: dave, role: "admin" });
    expect(await invitations.accept(carol, room)).toBe(room);
    await invitations.decline(dave, room);
    expect(await membersOf(room)).toEqual(["alice", "bob", "carol"]);
    expect([...(await invitations.list(carol)), ...(await invitations.list(dave))]).toEqual([]);
    await expect(invitations.accept(carol, room)).rejects.toMatchObject(INVALID);
    await expect(invitations.accept(dave, room)).rejects.toMatchObject(INVALID);
    await expect(invitations.decline(dave, room)).rejects.toMatchObject(INVALID);
    expect(await rooms.invite(alice, room, carol.id, "member")).toBeUndefined();
  });

  it("cannot accept what was offered by somebody who may no longer invite, or to a room that is gone", async () => {
    const { rooms, invitations } = start();
    const { room } = await rooms.createGroup(alice, "Left", [bob.id]);
    await rooms.promote(alice, room, bob.id, "owner");
    await rooms.invite(alice, room, dave.id, "member");
    await rooms.leave(alice, room);
    await expect(invitations.accept(dave, room)).rejects.toMatchObject(INVALID);
    await rooms.close(bob, room);
    expect(await invitations.list(dave)).toEqual([]);
    await expect(invitations.accept(dave, room)).rejects.toMatchObject(INVALID);
  });

  it("joins by a link's code, for as long as its maker may invite", async () => {
    const { rooms, invitations } = start();
    const { room } = await rooms.createGroup(alice, "Linked", [bob.id]);
    await expect(invitations.makeCode(bob, room)).rejects.toMatchObject({ code: "forbidden" });
    await expect(invitations.makeCode(dave, room)).rejects.toMatchObject({ code: "room_not_found" });
    const { code } = await invitations.makeCode(alice, room);
    expect(await invitations.makeCode(alice, room)).toMatchObject({ code, room });
    expect(await invitations.takeCode(dave, code)).toBe(room);
    expect(await invitations.takeCode(dave, code)).toBe(room);
    expect(await membersOf(room)).toEqual(["alice", "bob", "dave"]);
    await expect(invitations.takeCode(carol, freshInviteCode())).rejects.toMatchObject(INVALID);
    await rooms.promote(alice, room, bob.id, "owner");
    await rooms.promote(bob, room, alice.id, "member");
    await expect(invitations.takeCode(carol, code)).rejects.toMatchObject(INVALID);
  });

  it("does not come back by a link that was ended", async () => {
    const { rooms, invitations } = start();
    const { room } = await rooms.createGroup(alice, "Ended", [bob.id]);
    const { code } = await invitations.makeCode(alice, room);
    await invitations.takeCode(dave, code);
    await rooms.remove(alice, room, dave.id);
    await expect(invitations.endCodes(bob, room)).rejects.toMatchObject({ code: "forbidden" });
    await expect(invitations.endCodes(dave, room)).rejects.toMatchObject({ code: "room_not_found" });
    await invitations.endCodes(alice, room);
    await expect(invitations.takeCode(dave, code)).rejects.toMatchObject(INVALID);
    expect((await invitations.makeCode(alice, room)).code).not.toBe(code);
  });
});

describe("A: a quota names itself and its limit", () => {
  const exceeded = (name: string, limit: number) => ({
    code: "quota_exceeded",
    message: expect.stringContaining(`${name} is ${limit}`),
  });

  it("rooms that a user makes in a day, by whatever way; what is there already can be opened", async () => {
    const { rooms } = start({ ROOMS_MADE_PER_DAY: 3 });
    const erin = userOf("erin");
    await rooms.createChannel(erin, "made-1", null);
    await rooms.join(erin, "made-2");
    await rooms.openDirect(erin, bob.id);
    const over = exceeded("ROOMS_MADE_PER_DAY", 3);
    await expect(rooms.createChannel(erin, "made-3", null)).rejects.toMatchObject(over);
    await expect(rooms.join(erin, "made-3")).rejects.toMatchObject(over);
    await expect(rooms.createGroup(erin, "Over", [])).rejects.toMatchObject(over);
    await expect(rooms.openDirect(erin, carol.id)).rejects.toMatchObject(over);
    expect(await rooms.openDirect(erin, bob.id)).toMatchObject({ isNew: false });
    await rooms.join(erin, "shared");
    await rooms.createChannel(bob, "made-3", null);
  });

  it("rooms that a user has joined, direct chats aside", async () => {
    const { rooms } = start({ ROOMS_JOINED_MAX: 2 });
    const frank = userOf("frank");
    await rooms.join(frank, "made-1");
    await rooms.openDirect(frank, bob.id);
    await rooms.join(frank, "made-2");
    await rooms.join(frank, "made-2");
    await expect(rooms.join(frank, "made-3")).rejects.toMatchObject(exceeded("ROOMS_JOINED_MAX", 2));
    await rooms.leave(frank, "made-1");
    await rooms.join(frank, "made-3");
  });

  it("members of a group", async () => {
    const { rooms } = start({ GROUP_MEMBERS_MAX: 2 });
    const over = exceeded("GROUP_MEMBERS_MAX", 2);
    for (const user of [carol, dave]) await rooms.join(user, "shared");
    await expect(rooms.createGroup(alice, "Crowd", [bob.id, carol.id])).rejects.toMatchObject(over);
    const { room } = await rooms.createGroup(alice, "Pair", [bob.id]);
    await expect(rooms.invite(alice, room, carol.id, "member")).rejects.toMatchObject(over);
    expect(await membersOf(room)).toEqual(["alice", "bob"]);
  });

  it("invitations that wait", async () => {
    const { rooms, invitations } = start({ INVITATIONS_PER_USER: 2 });
    const grace = userOf("grace");
    const { room } = await rooms.createGroup(grace, "Strangers", []);
    const invite = (name: string) => rooms.invite(grace, room, userOf(name).id, "member");
    await invite("s1");
    await invite("s2");
    await invite("s2");
    await expect(invite("s3")).rejects.toMatchObject(exceeded("INVITATIONS_PER_USER", 2));
    const over = exceeded("INVITATIONS_PER_USER", 2);
    await expect(rooms.createGroup(grace, "More", [userOf("s4").id])).rejects.toMatchObject(over);
    expect(await createRoomViews(database).inbox(grace.id, 10)).toHaveLength(1);
    await invitations.decline(userOf("s1"), room);
    await invite("s3");
  });
});

it("A: edits, renames and other changes share one rate by user", async () => {
  const buckets = new TokenBuckets(0.001, 3);
  const { rooms } = start({}, (userId) => buckets.take(userId, performance.now()));
  await rooms.createChannel(dave, "rated", null);
  await rooms.rename(dave, "rated", "One");
  await rooms.join(dave, "rated-too");
  const refused = { code: "rate_limited", retryAfterMs: expect.any(Number) };
  await expect(rooms.rename(dave, "rated", "Two")).rejects.toMatchObject(refused);
  await rooms.join(carol, "rated");
});
