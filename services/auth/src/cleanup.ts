import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";
import { RETRY_INTERVAL } from "./refresh-tokens.ts";

const CLEANUP_MS = 60_000;
/** Largest number of rows that one statement removes or changes. */
const CLEANUP_ROWS_MAX = 1_000;

/**
 * Deletes sessions (with their refresh tokens) a day after they ended, retry keys a day after their exchange, counts of
 * logins that ended, and addresses that were not used for 90 days.
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
       where retry_key is not null and rotated_at < now() - ${RETRY_INTERVAL}
       limit ${CLEANUP_ROWS_MAX} for update skip locked)`,
  );
  await database.query(
    `delete from auth.login_counts where key in (
       select key from auth.login_counts where expires_at < now()
       limit ${CLEANUP_ROWS_MAX} for update skip locked)`,
  );
  await database.query(
    `delete from auth.known_addresses where (user_id, address_hash) in (
       select user_id, address_hash from auth.known_addresses where used_at < now() - interval '90 days'
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
