import type { Database } from "@parley/runtime/postgres";
import type { LogEntry } from "../shard-log.ts";
import type { ShardWrite } from "./write-statement.ts";

/** Seqs of the entries that are stored already. */
export type KnownEntries = ReadonlyMap<LogEntry, number>;

const UNIQUE_VIOLATION = "23505";

/**
 * Looks entries up by their key. The look-up is a subquery on purpose: as a join it could be planned as a scan of the
 * whole table. It searches every partition by the key alone: given the room as well, the planner may choose the primary
 * key and read all entries of the room (docs/decisions/0004, 0034). `offset 0` hashes each entry once, not once per
 * partition. `found` is materialized because it would be evaluated twice otherwise.
 */
export const KNOWN = `
with found as materialized (
  select n, (
    select m.seq from chat.entries m
    where chat.entry_key(m.room, m.author_id, m.type, m.client_id) = e.key
  ) as seq
  from (
    select n, chat.entry_key(room, author_id, type, client_id) as key
    from rows from (
      json_array_elements_text($1::text::json), json_array_elements_text($2::text::json),
      json_array_elements_text($3::text::json), json_array_elements_text($4::text::json)
    ) with ordinality as e (room, author_id, type, client_id, n)
    offset 0
  ) as e
)
select n, seq from found where seq is not null`;

/** Looks the entries of these writes up. The result holds until another statement moves the shards' cursors. */
export async function findKnown(database: Database, writes: readonly ShardWrite[]): Promise<KnownEntries> {
  const entries = writes.flatMap(({ batch }) => batch.entries);
  const rows = await database.query<{ n: number; seq: number }>(KNOWN, [
    JSON.stringify(entries.map(({ room }) => room)),
    JSON.stringify(entries.map(({ content }) => content.author.id)),
    JSON.stringify(entries.map(({ content }) => content.type)),
    JSON.stringify(entries.map(({ id }) => id)),
  ]);
  return new Map(rows.map(({ n, seq }) => [entries[n - 1] as LogEntry, seq]));
}

/** Returns the writes without the entries that are known. */
export function withoutKnown(writes: readonly ShardWrite[], known: KnownEntries): readonly ShardWrite[] {
  if (known.size === 0) return writes;
  const newOf = ({ entries }: ShardWrite["batch"]) => entries.filter((entry) => !known.has(entry));
  return writes.map(({ position, batch }) => ({ position, batch: { ...batch, entries: newOf(batch) } }));
}

/** Whether Postgres refused a statement because one of its rows exists already. */
export function isThereAlready(error: unknown): boolean {
  return (error as { code?: string }).code === UNIQUE_VIOLATION;
}
