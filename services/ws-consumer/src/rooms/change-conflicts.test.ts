import { expect, it } from "vitest";
import { openTestDatabase } from "../postgres/database-fixture.ts";
import { RoomTurns } from "./apply-change.ts";
import { createChangeRooms } from "./change-rooms.ts";
import { createInvitationStore } from "./postgres/invitation-store.ts";
import { createRoomStore } from "./postgres/postgres-room-store.ts";
import { NO_QUOTAS } from "./rules/quotas.ts";

const alice = { id: "u-alice", username: "alice" };

const database = await openTestDatabase(8);

/** The use cases as one instance of ws-consumer has them. */
const startInstance = (store = createRoomStore(database, 4, NO_QUOTAS)) =>
  createChangeRooms({
    store,
    invitations: createInvitationStore(database, NO_QUOTAS),
    blocks: { blockersOf: async () => [] },
    takeTurn: () => 0,
    receipts: { open: () => `receipt.${crypto.randomUUID()}`, wait: async () => 1 },
    notices: { outboxFilled: () => undefined, accessChanged: () => undefined },
    turns: new RoomTurns(),
    now: () => new Date(),
    freshId: () => crypto.randomUUID(),
    findUsers: async () => [],
    freshGroupId: () => "G00000000000000000000000000",
    isAutoCreated: true,
  });

it("B: 400 changes of one room at once, at two instances, are all applied", async () => {
  const instances = [startInstance(), startInstance()] as const;
  await instances[0].createChannel(alice, "raced", "Raced");
  const renames = Array.from({ length: 400 }, (_, i) =>
    (instances[i % 2] ?? instances[0]).rename(alice, "raced", `title ${i}`),
  );
  const outcomes = await Promise.allSettled(renames.slice(0, 380));
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  await Promise.allSettled(renames);
  const [room] = await database.query<{ version: number }>(
    "select version from chat.rooms where id = 'raced'",
  );
  expect(room?.version).toBe(400);
});

it("B: a change that keeps losing is a conflict, not a fault", async () => {
  const store = createRoomStore(database, 4, NO_QUOTAS);
  const loser = startInstance({ ...store, change: async () => false });
  await startInstance().createChannel(alice, "lost", "Lost");
  await expect(loser.rename(alice, "lost", "Another")).rejects.toMatchObject({ code: "conflict" });
});
