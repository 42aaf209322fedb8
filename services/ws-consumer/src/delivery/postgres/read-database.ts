import { type Database, openDatabase } from "@parley/runtime/postgres";

/** Connections of the pool that reads history, replays, heads and lists of rooms. */
const CONNECTIONS = 8;
const DEADLINE_MS = 5_000;

/**
 * Random reads cost little more than sequential ones, on solid state disks or in memory. Statements are planned once:
 * otherwise Postgres plans those on the partitioned entries for each call, which costs more than running them
 * (docs/decisions/0034).
 */
export const READ_SETTINGS = { random_page_cost: "1.1", jit: "off", plan_cache_mode: "force_generic_plan" };

/** Opens the pool for everything but the writers and search. */
export function openReadDatabase(url: string): Database {
  return openDatabase({
    url,
    name: "ws-consumer",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
    settings: READ_SETTINGS,
  });
}
