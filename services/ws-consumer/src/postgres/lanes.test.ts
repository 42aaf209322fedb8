import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { openDatabase } from "@parley/runtime/postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHistory } from "../delivery/postgres/history.ts";
import { createRoomStore } from "../rooms/postgres/postgres-room-store.ts";
import { createReadCursors } from "../rooms/postgres/read-cursors.ts";
import { createFindStanding, createRoomViews } from "../rooms/postgres/room-views.ts";
import { NO_QUOTAS } from "../rooms/rules/quotas.ts";
import { type Lanes, openLanes } from "./lanes.ts";

const user = { id: "u1", username: "u1" };

let made: TestDatabase;
let lanes: Lanes;

beforeAll(async () => {
  made = await createTestDatabase();
  lanes = openLanes(made.url);
  await createRoomStore(lanes.commands, 4, NO_QUOTAS).create(
    { id: "room", kind: "channel", title: null, createdBy: user.id },
    [{ entry: "{}", member: user, role: "owner" }],
  );
});
afterAll(async () => {
  await lanes?.close();
  await made?.drop();
});

/** Starts a statement of each kind 50 times a second for `ms`; returns those that failed, and the slowest by kind. */
async function load(ms: number) {
  const history = createHistory(lanes.history);
  const heads = createHistory(lanes.points).heads;
  const { findStored } = createHistory(lanes.receipts);
  const kinds: Record<string, () => Promise<unknown>> = {
    heads: () => heads(["room"]),
    rights: () => createFindStanding(lanes.points)(user.id, "room"),
    page: () => history.pageFor(user.id, "room", { limit: 50 }),
    inbox: () => createRoomViews(lanes.lists).inbox(user.id, 50),
    receipts: () => findStored([{ room: "room", userId: user.id, id: "m1" }]),
    marks: () => createReadCursors(lanes.receipts).move([{ room: "room", user, seq: 1 }]),
  };
  const failed: string[] = [];
  const slowest: Record<string, number> = {};
  const running: Promise<unknown>[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end) {
    for (const [kind, start] of Object.entries(kinds)) {
      const began = performance.now();
      const run = start().then(
        () => {
          slowest[kind] = Math.max(slowest[kind] ?? 0, performance.now() - began);
        },
        (error) => failed.push(`${kind}: ${error}`),
      );
      running.push(run);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all(running);
  return { failed, slowest };
}

it("B: one statement of 3 s in any lane under load: no other statement fails, nor waits for it", async () => {
  const slow = Object.values(lanes).flatMap((lane) =>
    typeof lane === "function" ? [] : [lane.query("select pg_sleep(3)")],
  );
  const { failed, slowest } = await load(3_500);
  expect(failed).toEqual([]);
  for (const [kind, ms] of Object.entries(slowest)) expect(ms, kind).toBeLessThan(1_000);
  await Promise.all(slow);
});

it("B: changes that wait for a locked room fill up the lane of changes only, and later ones are refused early", async () => {
  const other = openDatabase({ url: made.url, name: "lock", connections: 1, deadlineMs: 10_000 });
  const lock = other.query(
    "with locked as (select id from chat.rooms where id = 'room' for update) select pg_sleep(3) from locked",
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  const store = createRoomStore(lanes.commands, 4, NO_QUOTAS);
  const changes = Array.from({ length: 200 }, () => store.change("room", 0, []));
  const outcomes = Promise.allSettled(changes);
  const { failed, slowest } = await load(2_500);
  // A read mark locks the member only.
  expect(failed).toEqual([]);
  for (const [kind, ms] of Object.entries(slowest)) expect(ms, kind).toBeLessThan(1_000);
  const refused = (await outcomes).filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  for (const one of refused) expect((one as PromiseRejectedResult).reason).toMatchObject({ code: "BUSY" });
  await lock;
  await other.close();
});
