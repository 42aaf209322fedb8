import { type Database, openDatabase } from "@parley/runtime/postgres";
import { AuthError } from "./auth-error.ts";

const CONNECTIONS = 8;
const STATEMENT_DEADLINE_MS = 5_000;
const RETRY_AFTER_MS = 1_000;

/** SQLSTATE classes that say "this server cannot answer now": connection, resources, operator intervention. */
const AWAY_CLASSES = new Set(["08", "53", "57"]);
const AWAY_CODES = new Set(["DEADLINE", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED"]);

function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  const { code } = error;
  if (code.length === 5 && AWAY_CLASSES.has(code.slice(0, 2))) return true;
  return (
    AWAY_CODES.has(code) || /^(CONNECTION_DESTROYED|E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND)\w*)$/.test(code)
  );
}

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
        if (!isAway(error)) throw error;
        const away = new AuthError("unavailable", "the database does not answer", {
          retryAfterMs: RETRY_AFTER_MS,
        });
        throw Object.assign(away, { cause: error });
      }
    },
    close: () => database.close(),
  };
}
