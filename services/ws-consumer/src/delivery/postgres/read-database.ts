import { type Database, openDatabase } from "@parley/runtime/postgres";

/** Connections for reading: history, replays, heads, lists of rooms. */
const CONNECTIONS = 8;
const DEADLINE_MS = 5_000;

/**
 * Pages are on solid state disks or in memory, so an index pays for a few rows of a small table too. Statements are
 * planned once: otherwise those that read the partitioned entries are planned on every call, which costs more than
 * running them (docs/decisions/0034).
 */
const SETTINGS = { random_page_cost: "1.1", jit: "off", plan_cache_mode: "force_generic_plan" };

/** Opens the pool that everything is read with. */
export function openReadDatabase(url: string): Database {
  return openDatabase({
    url: readUrl(url),
    name: "ws-consumer",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
  });
}

/** The address of the database, with the settings of these connections. */
export function readUrl(url: string): string {
  const address = new URL(url);
  for (const [setting, value] of Object.entries(SETTINGS)) address.searchParams.set(setting, value);
  return address.href;
}
