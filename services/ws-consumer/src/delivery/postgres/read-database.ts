import { type Database, openDatabase } from "@parley/runtime/postgres";

/** Connections for reading: history, replays, heads, lists of rooms. */
const CONNECTIONS = 8;
const DEADLINE_MS = 5_000;

/** Pages are on solid state disks, or in memory: an index is worth its while for a few rows of a small table, too. */
const SETTINGS = { random_page_cost: "1.1", jit: "off" };

/** Opens the pool that everything is read with. */
export function openReadDatabase(url: string): Database {
  const address = new URL(url);
  for (const [setting, value] of Object.entries(SETTINGS)) address.searchParams.set(setting, value);
  return openDatabase({
    url: address.href,
    name: "ws-consumer",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
  });
}
