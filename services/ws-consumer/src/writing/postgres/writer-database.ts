import { type Database, openDatabase } from "@parley/runtime/postgres";

/** Below the lease, so that a writer whose statement hangs hears of it before it has lost its shard. */
const DEADLINE_MS = 4_000;

/**
 * Settings for the writer's connections. Its statement is planned once and for the indexes, whatever the statistics
 * say: a plan made while the tables were empty would read them from end to end when they are full, and planning
 * costs more than storing one entry.
 */
const SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  jit: "off",
};

/** Opens the pool that the writers use: as many connections as shards, and two to look after the leases. */
export function openWriterDatabase(url: string, name: string, shards: number): Database {
  return openDatabase({ url: writerUrl(url), name, connections: shards + 2, deadlineMs: DEADLINE_MS });
}

/** The address of the database, with the settings of the writer's connections. */
export function writerUrl(url: string): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(SETTINGS)) address.searchParams.set(name, value);
  return address.href;
}
