import { zeroed } from "./histogram.ts";

/** SQLSTATE classes of an unavailable server (Postgres manual, appendix A): connection, resources, operator. */
const AWAY_CLASSES = new Set(["08", "53", "57"]);
/** SQLSTATE of a write on a server that is a standby, perhaps since a moment ago. */
export const READ_ONLY = "25006";
const AWAY_CODES = new Set([
  READ_ONLY,
  "DEADLINE",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
]);
const AWAY_PATTERN = /^(CONNECTION_DESTROYED|E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND)\w*)$/;

/** All connections are in use and their queue is full; the statement was not sent. Retry after `retryAfterMs`. */
export class BusyError extends Error {
  readonly code = "BUSY";
  override readonly name = "BusyError";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error means that the server is unavailable; the outcome of the statement is then unknown. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  const { code } = error;
  if (code.length === 5 && AWAY_CLASSES.has(code.slice(0, 2))) return true;
  return AWAY_CODES.has(code) || AWAY_PATTERN.test(code);
}

/** Classes of SQLSTATE that are told apart; all other errors of statements are `other`. */
const ERROR_CLASSES: Readonly<Record<string, string>> = {
  "22": "data",
  "23": "constraint",
  "40": "conflict",
  "42": "statement",
  "54": "data",
};
const CLASSES = ["away", "busy", "deadline", "other", ...new Set(Object.values(ERROR_CLASSES))];

/** Statements of this process that failed, by class. */
export const databaseErrors: Record<string, number> = zeroed(CLASSES);

/** Counts the error of a statement; it is no fault in itself: a repeated entry breaks a constraint. */
export function countDatabaseError(error: unknown): void {
  const { code = "" } = error as { code?: unknown };
  const known = ERROR_CLASSES[String(code).slice(0, 2)];
  let name = isAway(error) ? "away" : String(code).length === 5 && known !== undefined ? known : "other";
  if (code === "DEADLINE") name = "deadline";
  if (error instanceof BusyError) name = "busy";
  databaseErrors[name] = (databaseErrors[name] ?? 0) + 1;
}
