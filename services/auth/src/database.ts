import { type Database, openDatabase } from "@parley/runtime/postgres";
import { BusyError, isAway } from "@parley/runtime/postgres-errors";
import { AuthError } from "./auth-error.ts";

const CONNECTIONS = 8;
const STATEMENT_DEADLINE_MS = 5_000;
const RETRY_AFTER_MS = 1_000;

/**
 * Opens Postgres for this service. A server that cannot be reached is an AuthError `unavailable`; any other fault
 * goes through as it is.
 */
export function openAuthDatabase(url: string): Database {
  const database = openDatabase({
    url,
    name: "parley-auth",
    connections: CONNECTIONS,
    deadlineMs: STATEMENT_DEADLINE_MS,
  });
  return {
    async query(text, params, deadlineMs) {
      try {
        return await database.query(text, params, deadlineMs);
      } catch (error) {
        // A detail of Postgres may hold whole rows, with hashes in them.
        if (error instanceof Error && "detail" in error) delete error.detail;
        if (!isAway(error) && !(error instanceof BusyError)) throw error;
        const away = new AuthError("unavailable", "the database does not answer", {
          retryAfterMs: RETRY_AFTER_MS,
        });
        throw Object.assign(away, { cause: error });
      }
    },
    close: () => database.close(),
  };
}
