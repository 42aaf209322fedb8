import { type Database, openDatabase } from "@parley/runtime/postgres";

/**
 * Deadline of a statement, ms. Below `LEASE_MS`, so that a writer whose statement hangs notices before its lease ends.
 */
const DEADLINE_MS = 4_000;

/**
 * Settings of the writer's connections. Its statement is planned once, for the indexes, whatever the statistics say: a
 * plan made for empty tables would scan them when they are full, and planning costs more than storing one entry.
 */
export const WRITER_SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  jit: "off",
};

/** Opens the pool of the writers: one connection per shard, and two for leases. */
export function openWriterDatabase(url: string, name: string, shards: number): Database {
  return openDatabase({
    url,
    name,
    connections: shards + 2,
    deadlineMs: DEADLINE_MS,
    settings: WRITER_SETTINGS,
  });
}
