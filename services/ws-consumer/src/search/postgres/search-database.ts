import { type Database, openDatabase } from "@parley/runtime/postgres";

const CONNECTIONS = 3;
const DEADLINE_MS = 5_000;
/**
 * Every search is planned with its own tokens, and uses their index even where the planner believes them to be common.
 * Commits do not wait for the disk: if the server loses an indexing step, its messages are still in the queue.
 */
const SETTINGS = {
  synchronous_commit: "off",
  plan_cache_mode: "force_custom_plan",
  enable_seqscan: "off",
  random_page_cost: "1.1",
  max_parallel_workers_per_gather: "0",
  jit: "off",
};

/** Opens the pool of searches and of the indexer. */
export function openSearchDatabase(url: string): Database {
  return openDatabase({
    url,
    name: "ws-consumer search",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
    settings: SETTINGS,
  });
}

const UNDEFINED_OBJECT = "42704";

/** Checks SEARCH_LANGUAGE; passes while Postgres is away. @throws {Error} if Postgres has no such configuration. */
export async function checkLanguage(database: Database, language: string): Promise<void> {
  try {
    await database.query("select to_tsvector($1::regconfig, '')", [language]);
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_OBJECT) return;
    throw new Error(`SEARCH_LANGUAGE: Postgres has no text search configuration ${language}`);
  }
}
