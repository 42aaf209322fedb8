import type { Database } from "@parley/runtime/postgres";
import { type SettledTargets, settleTargets, targetOf } from "../entry-targets.ts";
import type { ShardWrite } from "./write-statement.ts";

/** Subqueries, which can only be planned as look-ups by key. */
const FIND = `
select room, seq, (select r.head from chat.rooms r where r.id = t.room) as head, (
    select e.type = 'message' and e.deleted_at is null from chat.entries e where e.room = t.room and e.seq = t.seq
  ) as "isMessage"
from json_to_recordset($1::text::json) as t (room text, seq bigint)`;

type Row = { room: string; seq: number; head: number | null; isMessage: boolean | null };

/**
 * Looks up what the replies and reactions among the entries are about; most batches have none, and cost nothing. Nobody
 * else stores entries of these rooms: should that be wrong, the shard is fenced and the statement that follows stores
 * nothing.
 */
export async function findTargets(
  database: Database,
  writes: readonly ShardWrite[],
): Promise<SettledTargets | undefined> {
  const wanted = new Map<string, { room: string; seq: number }>();
  for (const { batch } of writes)
    for (const entry of batch.entries) {
      const seq = targetOf(entry);
      if (seq !== undefined) wanted.set(`${entry.room} ${seq}`, { room: entry.room, seq });
    }
  if (wanted.size === 0) return undefined;
  const rows = await database.query<Row>(FIND, [JSON.stringify([...wanted.values()])]);
  const heads = new Map(rows.map(({ room, head }) => [room, head ?? 0]));
  const messages = new Set(rows.flatMap(({ room, seq, isMessage }) => (isMessage ? [`${room} ${seq}`] : [])));
  const entries = writes.flatMap(({ batch }) => batch.entries.filter(({ room }) => heads.has(room)));
  return settleTargets(entries, {
    headOf: (room) => heads.get(room) ?? 0,
    isMessage: (room, seq) => messages.has(`${room} ${seq}`),
  });
}

/** The same writes with the replies as they are stored, and without the reactions that are not. */
export function withTargets(
  writes: readonly ShardWrite[],
  { changed, missing }: SettledTargets,
): readonly ShardWrite[] {
  const settled = ({ entries }: ShardWrite["batch"]) =>
    entries.filter((entry) => !missing.has(entry)).map((entry) => changed.get(entry) ?? entry);
  return writes.map(({ position, batch }) => ({ position, batch: { ...batch, entries: settled(batch) } }));
}
