import type { PostgresRefusal } from "../shard-log.ts";

/** SQLSTATE classes of data exceptions and program limits (a key too long for its index, nesting that is too deep). */
const VALUE_CLASSES = /^(22|54)...$/;
/** Class of broken constraints. */
const CONSTRAINT_CLASS = /^23...$/;
/** Tables whose rows are made of the values of one entry. */
const ENTRY_TABLES = /^(entries(_\d+)?|reactions)$/;
/** The key of a partition of entries is (room, seq), which the statement gives and no entry has. */
const PLACE_KEYS = /^entries(_\d+)?_pkey$/;

type PostgresError = Readonly<{
  name?: string;
  code?: string;
  table_name?: string;
  constraint_name?: string;
  column_name?: string;
}>;

/**
 * Says why Postgres refuses an entry; undefined if the error is no refusal, or not the entry's fault. A broken constraint
 * of another table, or two entries at one seq, mean that the database is damaged: then every entry would be refused, and
 * putting acknowledged ones aside would lose them. The shard stops with that error instead.
 */
export function refusalOf(error: unknown): PostgresRefusal | undefined {
  const { name, code = "", table_name = "", constraint_name, column_name } = error as PostgresError;
  if (name !== "PostgresError") return undefined;
  const isEntrys =
    VALUE_CLASSES.test(code) ||
    (CONSTRAINT_CLASS.test(code) && ENTRY_TABLES.test(table_name) && !PLACE_KEYS.test(constraint_name ?? ""));
  if (!isEntrys) return undefined;
  return {
    sqlstate: code,
    ...(constraint_name === undefined ? {} : { constraint: constraint_name }),
    ...(column_name === undefined ? {} : { column: column_name }),
  };
}
