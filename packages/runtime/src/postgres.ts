import postgres from "postgres";
import { withDeadline } from "./deadline.ts";

const CONNECT_DEADLINE_S = 5;
const END_DEADLINE_S = 1;

export type DatabaseOptions = Readonly<{
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Connections at most. */
  connections: number;
  /** How long a statement may take unless it says otherwise, ms. */
  deadlineMs: number;
}>;

/** Values that a statement may carry. Rows of input travel as one JSON text: `$1::text::json`. */
export type Param = string | number | boolean | null | Date;

/**
 * A pool that sends one statement at a time, each prepared and with a deadline. There are no transactions on
 * purpose: with this driver the second half of one was committed outside of it after its backend had been killed
 * (docs/decisions/0006), so every write is one statement.
 */
export interface Database {
  /**
   * Sends one statement and returns its rows.
   *
   * @throws {import("./deadline.ts").DeadlineError} after `deadlineMs`: the outcome is unknown. The pool is
   * replaced, because a half-open connection would hang for ever.
   */
  query<Row extends object>(text: string, params?: readonly Param[], deadlineMs?: number): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens a pool. Connections are made when they are needed; an unreachable server is an error of the query. */
export function openDatabase(options: DatabaseOptions): Database {
  const open = () =>
    postgres(options.url, {
      max: options.connections,
      connect_timeout: CONNECT_DEADLINE_S,
      keep_alive: 5,
      backoff: (attempt: number) => Math.min(1, 0.05 * 2 ** attempt),
      onnotice: () => undefined,
      // Asking for array types is an extra query whose failure nobody catches: it would end the process.
      fetch_types: false,
      connection: { application_name: options.name, statement_timeout: options.deadlineMs },
      types: {
        bigint: { to: 20, from: [20], parse: Number, serialize: String },
      },
    });
  let pool = open();
  return {
    async query<Row extends object>(
      text: string,
      params: readonly Param[] = [],
      deadlineMs = options.deadlineMs,
    ) {
      const used = pool;
      try {
        const query = used.unsafe<Row[]>(text, params as Param[], { prepare: true });
        return await withDeadline(query.execute() as Promise<Row[]>, deadlineMs, "postgres");
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "DEADLINE" && used === pool) {
          pool = open();
          void used.end({ timeout: END_DEADLINE_S });
        }
        throw error;
      }
    },
    close: () => pool.end({ timeout: END_DEADLINE_S }),
  };
}
