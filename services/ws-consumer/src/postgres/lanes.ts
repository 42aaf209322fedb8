import { type Database, openDatabase } from "@parley/runtime/postgres";

/**
 * Most connections of each lane. A lane is a pool with a queue of its own: slow statements of one fill up that lane only,
 * and its next callers are refused with 503 while the others go on. Connections are opened when they are needed.
 */
const CONNECTIONS = {
  /** Look-ups by key, on which subscriptions and live delivery depend: heads and rights. */
  points: 3,
  /** Pages of history, and replays. */
  history: 6,
  /** Lists of rooms and members, and counts of unread messages. */
  lists: 3,
  /** Changes of rooms and messages, which may wait for the lock of a room. */
  commands: 4,
  /** Questions about receipts, read marks, the outbox, and filling the bucket of rights. */
  receipts: 3,
} as const;
const DEADLINE_MS = 5_000;

/**
 * Random reads cost little more than sequential ones, on solid state disks or in memory. Statements are planned once:
 * otherwise Postgres plans those on the partitioned entries for each call, which costs more than running them
 * (docs/decisions/0034).
 */
export const READ_SETTINGS = { random_page_cost: "1.1", jit: "off", plan_cache_mode: "force_generic_plan" };

type LaneName = keyof typeof CONNECTIONS;
export type Lanes = Readonly<Record<LaneName, Database>> & Readonly<{ close: () => Promise<void> }>;

/** Opens the pools of everything but the writers and search. */
export function openLanes(url: string): Lanes {
  const names = Object.keys(CONNECTIONS) as LaneName[];
  const open = (name: LaneName) =>
    openDatabase({
      url,
      name: `ws-consumer ${name}`,
      connections: CONNECTIONS[name],
      deadlineMs: DEADLINE_MS,
      settings: READ_SETTINGS,
    });
  const lanes = Object.fromEntries(names.map((name) => [name, open(name)])) as Record<LaneName, Database>;
  const close = async () => {
    await Promise.all(names.map((name) => lanes[name].close()));
  };
  return { ...lanes, close };
}
