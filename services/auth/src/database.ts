import { type Database, openDatabase } from "@parley/runtime/postgres";
import { BusyError, isAway } from "@parley/runtime/postgres-errors";
import { AuthError } from "./auth-error.ts";

const CONNECTIONS = 8;
const STATEMENT_DEADLINE_MS = 5_000;
const RETRY_AFTER_MS = 1_000;

/** SQL: a time in RFC 3339, in UTC. */
export const rfc3339 = (time: string): string =>
  `to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * Opens Postgres for auth. Queries reject with an AuthError `unavailable` if the server cannot be reached or does not
 * answer in time; other errors pass unchanged.
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
        // The detail of an error can contain whole rows with hashes, which must not reach the log.
        if (error instanceof Error && "detail" in error) delete error.detail;
        if (!isAway(error) && !(error instanceof BusyError)) throw error;
        const unavailable = new AuthError("unavailable", "the database does not answer", {
          retryAfterMs: RETRY_AFTER_MS,
        });
        throw Object.assign(unavailable, { cause: error });
      }
    },
    close: () => database.close(),
  };
}
