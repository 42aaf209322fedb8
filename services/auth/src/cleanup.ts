import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";

const CLEANUP_MS = 60_000;
/** Largest number of rows that one statement removes or changes. */
const CLEANUP_ROWS_MAX = 1_000;

/**
 * Deletes sessions (with their refresh tokens) a day after they ended, and retry keys a minute after their exchange.
 * Several instances may do this at the same time.
 */
export async function cleanUp(database: Database): Promise<void> {
  await database.query(
    `delete from auth.sessions where id in (
       select id from auth.sessions
       where expires_at < now() - interval '1 day' or revoked_at < now() - interval '1 day'
       order by id limit ${CLEANUP_ROWS_MAX} for update skip locked)`,
  );
  await database.query(
    `update auth.refresh_tokens set retry_key = null where token_hash in (
       select token_hash from auth.refresh_tokens
       where retry_key is not null and rotated_at < now() - interval '1 minute'
       limit ${CLEANUP_ROWS_MAX} for update skip locked)`,
  );
}

/** Runs `cleanUp` every minute until it is closed. */
export function startCleanup(database: Database, log: Log): { close: () => void } {
  const timer = setInterval(() => {
    cleanUp(database).catch((err) => log.warn({ err }, "old sessions could not be deleted"));
  }, CLEANUP_MS).unref();
  return { close: () => clearInterval(timer) };
}
