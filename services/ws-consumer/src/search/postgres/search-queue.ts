import type { Database } from "@parley/runtime/postgres";
import type { QueuedMessage, SearchQueue } from "../indexer.ts";

/** Rows of the queue, each of a room and a range of seqs, that are looked at at once. */
const ROWS_MAX = 200;

/**
 * Rows are covered one after the other until the limit is reached, the last one perhaps in part. Entries are looked up
 * range by range (`offset 0`): as a join, all of them might be read to find a few. A message in several ranges has the
 * version of the newest one.
 */
const READ = `
with waiting as (
  select id, room, first_seq, last_seq, sum(last_seq - first_seq + 1) over (order by id desc) as total
  from (
    select * from chat.search_queue where shard = any(string_to_array($1, ',')::smallint[])
    order by id desc limit ${ROWS_MAX}
  ) as q
), part as (
  select id, room, first_seq, least(last_seq, $2::int - total + last_seq)::bigint as up_to, last_seq
  from waiting where total - (last_seq - first_seq + 1) < $2::int
)
select (select json_agg(json_build_object('id', id, 'upTo', up_to)) from part) as rows,
  (select count(*) from waiting) = ${ROWS_MAX} or (select count(*) from waiting) > (select count(*) from part)
    or (select bool_or(up_to < last_seq) from part) as "isMore",
  (select json_agg(m) from (
    select part.room, e.seq, e.at, e.body, max(part.id) as version
    from part, lateral (
      select seq, at, case when deleted_at is null then body end as body from chat.entries e
      where e.room = part.room and e.seq between part.first_seq and part.up_to and e.type = 'message' offset 0
    ) as e
    group by part.room, e.seq, e.at, e.body
  ) as m) as messages`;

/** Rows are written in one order, so that two instances that index the same cannot wait for one another in a circle. */
const STORE = `
with covered as (
  select * from json_to_recordset($1::text::json) as c (id bigint, "upTo" bigint)
), done as (
  delete from chat.search_queue q using covered c where q.id = c.id and q.last_seq <= c."upTo"
), shortened as (
  update chat.search_queue q set first_seq = greatest(q.first_seq, c."upTo" + 1)
  from covered c where q.id = c.id and q.last_seq > c."upTo"
)
insert into chat.search_index as i (room, seq, at, is_open, version, tokens)
select room, seq, at, left(room, 1) not in ('G', 'D'), version, case when tokens is null then ''::tsvector
  else to_tsvector($3::regconfig, tokens) || array_to_tsvector(array['room ' || room]) end
from json_to_recordset($2::text::json) as m (room text, seq bigint, at timestamptz, version bigint, tokens text)
order by room, seq
on conflict (room, seq) do update set version = excluded.version, tokens = excluded.tokens
where excluded.version >= i.version`;

type Row = {
  rows: { id: number; upTo: number }[] | null;
  isMore: boolean | null;
  messages: (QueuedMessage & { version: number })[] | null;
};

/** @param language a text search configuration of Postgres, such as `english` or `simple` */
export function createSearchQueue(database: Database, language: string): SearchQueue {
  return {
    async read(shards, messagesMax) {
      const [row] = await database.query<Row>(READ, [shards.join(), messagesMax]);
      return { rows: row?.rows ?? [], messages: row?.messages ?? [], isMore: row?.isMore === true };
    },
    async store({ rows, messages }) {
      await database.query(STORE, [JSON.stringify(rows), JSON.stringify(messages), language]);
    },
  };
}
