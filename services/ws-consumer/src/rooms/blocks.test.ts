import { directIdOf, freshGroupId, freshInviteCode } from "@parley/protocol/room-ids";
import { expect, it } from "vitest";
import { openTestDatabase } from "../postgres/database-fixture.ts";
import { createOutbox } from "../writing/postgres/outbox.ts";
import { RoomTurns } from "./apply-change.ts";
import { createBlocks } from "./blocks.ts";
import { createChangeMessages } from "./change-messages.ts";
import { createChangeRooms } from "./change-rooms.ts";
import { createInvitations } from "./invitations.ts";
import { createBlockStore } from "./postgres/block-store.ts";
import { createInvitationStore } from "./postgres/invitation-store.ts";
import { createRoomStore } from "./postgres/postgres-room-store.ts";
import { readRights } from "./postgres/stored-rights.ts";
import { NO_QUOTAS } from "./rules/quotas.ts";

const userOf = (name: string) => ({ id: `u-${name}`, username: name });
const BLOCKED = { code: "blocked" };
const database = await openTestDatabase(4);
const outbox = createOutbox(database);
/** What producers were told at once. */
let told: [room: string, userId: string, state: string][] = [];

function start(quotas = NO_QUOTAS) {
  const invitations = createInvitationStore(database, quotas);
  const stored = createBlockStore(database, 4, quotas);
  const findUsers = async (ids: readonly string[]) =>
    ids.filter((id) => id.startsWith("u-")).map((id) => userOf(id.slice(2)));
  const notices = { outboxFilled: () => undefined, accessChanged: () => undefined };
  const deps = {
    store: createRoomStore(database, 4, quotas),
    ...{ invitations, blocks: stored, findUsers, notices, freshGroupId },
    takeTurn: () => 0,
    receipts: { open: () => `receipt.${crypto.randomUUID()}`, wait: async () => 1 },
    turns: new RoomTurns(),
    now: () => new Date(),
    freshId: () => crypto.randomUUID(),
    freshCode: freshInviteCode,
    isAutoCreated: true,
  };
  const setMember = async (room: string, userId: string, state: string) => {
    told.push([room, userId, state]);
  };
  return {
    blocks: createBlocks({ blocks: stored, findUsers, setMember, notices }),
    rooms: createChangeRooms(deps),
    messages: createChangeMessages(deps),
    invitations: createInvitations(deps),
  };
}
const { blocks, rooms, messages, invitations } = start();

/** The states that the relay of the outbox would tell producers of a member now, in order. */
async function pendingStates(room: string, userId: string) {
  const rows = await outbox.pending([0, 1, 2, 3], 1_000);
  return rows.flatMap((row) => (row.room === room && row.member === userId ? [row.role] : []));
}
const storedState = async (room: string, userId: string) =>
  (await Array.fromAsync(readRights(database)))
    .flat()
    .find((right) => right.room === room && right.userId === userId)?.state;

it("neither of the two opens a direct chat; others do, and so do the two once the block is gone", async () => {
  const [alice, bob, carol] = [userOf("alice"), userOf("bob"), userOf("carol")];
  const block = await blocks.add(alice, bob.id);
  expect(block).toEqual({ user: bob, at: expect.any(String) });
  expect(await blocks.add(alice, bob.id)).toEqual(block);
  await blocks.add(alice, carol.id);
  expect((await blocks.list(alice)).map(({ user }) => user)).toEqual([carol, bob]);
  expect(await blocks.list(bob)).toEqual([]);
  await expect(rooms.openDirect(bob, alice.id)).rejects.toMatchObject(BLOCKED);
  await expect(rooms.openDirect(alice, bob.id)).rejects.toMatchObject(BLOCKED);
  expect(await rooms.openDirect(bob, carol.id)).toMatchObject({ isNew: true });
  await blocks.remove(alice, bob.id);
  await blocks.remove(alice, bob.id);
  expect(await rooms.openDirect(bob, alice.id)).toMatchObject({ isNew: true });
  await expect(blocks.add(alice, alice.id)).rejects.toMatchObject({ code: "forbidden" });
  await expect(blocks.add(alice, "nobody")).rejects.toMatchObject({ code: "user_not_found" });
});

it("in a direct chat that there is, the blocked one loses the right to post and to edit, until the block is gone", async () => {
  const [dave, erin] = [userOf("dave"), userOf("erin")];
  const { room } = await rooms.openDirect(dave, erin.id);
  told = [];
  await blocks.add(dave, erin.id);
  expect(await rooms.openDirect(erin, dave.id)).toEqual({ room, isNew: false });
  // The row of her joining was written before, and is read now.
  expect(await pendingStates(room, erin.id)).toEqual(["blocked", "blocked"]);
  expect([await storedState(room, erin.id), await storedState(room, dave.id)]).toEqual(["blocked", "member"]);
  const [right] = await database.query<{ isCurrent: boolean }>(
    `select changed = (select max(id) from chat.outbox where room = $1 and entry is null) as "isCurrent"
     from chat.members where room = $1 and user_id = $2`,
    [room, erin.id],
  );
  expect(right?.isCurrent).toBe(true);
  await database.query(
    `insert into chat.entries (room, seq, log_seq, at, type, author_id, author_username, client_id, body)
     select $1, n, n, now(), 'message', u, u, 'm', 'text' from (values (1, $2), (2, $3)) as m (n, u)`,
    [room, dave.id, erin.id],
  );
  await expect(messages.edit(erin, room, 2, "changed")).rejects.toMatchObject(BLOCKED);
  await messages.edit(dave, room, 1, "changed");
  await messages.erase(erin, room, 2);
  await blocks.remove(dave, erin.id);
  expect(await pendingStates(room, erin.id)).toEqual(["member", "member", "member"]);
  expect(await storedState(room, erin.id)).toBe("member");
  expect(told).toEqual([
    [room, erin.id, "blocked"],
    [room, erin.id, "member"],
  ]);
});

it("a chat that is opened in the same moment is closed to the blocked one too", async () => {
  for (let i = 0; i < 10; i += 1) {
    const [frank, grace] = [userOf(`frank${i}`), userOf(`grace${i}`)];
    const room = directIdOf(frank.id, grace.id);
    const [, opened] = await Promise.allSettled([
      blocks.add(frank, grace.id),
      rooms.openDirect(grace, frank.id),
    ]);
    if (opened.status === "rejected") expect(opened.reason).toMatchObject(BLOCKED);
    else {
      expect(await storedState(room, grace.id)).toBe("blocked");
      expect(new Set(await pendingStates(room, grace.id))).toEqual(new Set(["blocked"]));
    }
  }
});

it("the blocked one adds the user to no room, and invitations from them are gone", async () => {
  const [heidi, ivan] = [userOf("heidi"), userOf("ivan")];
  const { room } = await rooms.createGroup(ivan, "Club", [heidi.id]);
  expect(await invitations.list(heidi)).toHaveLength(1);
  await blocks.add(heidi, ivan.id);
  expect(await invitations.list(heidi)).toEqual([]);
  await expect(rooms.invite(ivan, room, heidi.id, "member")).rejects.toMatchObject(BLOCKED);
  await expect(rooms.createGroup(ivan, "Again", [heidi.id])).rejects.toMatchObject(BLOCKED);
  await rooms.createChannel(ivan, "ivans", null);
  await expect(rooms.invite(ivan, "ivans", heidi.id, "member")).rejects.toMatchObject(BLOCKED);
  await rooms.join(heidi, "ivans");
});

it("A: blocks have a quota, which names itself; one that there is can be made again", async () => {
  const limited = start({ ...NO_QUOTAS, BLOCKS_PER_USER: 2 });
  const judy = userOf("judy");
  for (const name of ["k1", "k2", "k2"]) await limited.blocks.add(judy, userOf(name).id);
  await expect(limited.blocks.add(judy, userOf("k3").id)).rejects.toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("BLOCKS_PER_USER is 2"),
  });
  await limited.blocks.remove(judy, userOf("k1").id);
  await limited.blocks.add(judy, userOf("k3").id);
});
