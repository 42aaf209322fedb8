import {
  ENTRY_WITH_CHANGES,
  EVENT_COLUMNS,
  EVENT_EFFECTS,
  EVENT_NAMES,
  type EventParts,
} from "./write-events.ts";

/**
 * One statement for batches of one or more shards, so that a crash at any point leaves cursors, rooms and entries in
 * agreement. All entries are taken for new: the unique index on `chat.entry_key` refuses one that is stored already, and with it the whole
 * statement (`known-entries.ts`). So the sender numbers them within their rooms, and here only the heads are added.
 *
 * - `fence` moves each shard's cursor by compare-and-set; if epoch or cursor are not as expected it gives no row, all
 *   that is done for that shard hangs on its row, and nothing happens to it. The row's lock also makes a second
 *   statement with the same position wait for the first, and then do nothing.
 * - `grown` are the rooms that get entries, each once; a room is of one shard. (A subquery and not a join, which would
 *   be expected to give one row: then `based` would compare each room with each.)
 * - `room` moves their heads, and `based` tells where each was before.
 * - `placed` are the entries with their seqs. What is long, the texts, is read once and goes straight to the table.
 */
const statementOf = ({ columns, names, entry, rest }: EventParts) => `
with fence as (
  update chat.shards s
  set cursor = p.next, cursor_time = p.next_time, lease_until = now() + $2 * interval '1 millisecond'
  from json_to_recordset($1::text::json)
    as p (shard smallint, epoch bigint, cursor bigint, next bigint, next_time text)
  where s.shard = p.shard and s.epoch = p.epoch and s.cursor = p.cursor
  returning s.shard
), grown as (
  select * from json_to_recordset($3::text::json) as p (n int, shard smallint, id text, places bigint,
    first_at timestamptz, last_at timestamptz, first_message bigint, last_message bigint, last_message_at timestamptz)
  where (select f.shard from fence f where f.shard = p.shard) is not null
), room as (
  insert into chat.rooms as r (id, kind, head, created_at, last_at, last_message, last_message_at)
  select id, case left(id, 1) when 'G' then 'group' when 'D' then 'direct' else 'channel' end,
    places, first_at, last_at, last_message, last_message_at
  from grown
  on conflict (id) do update set head = r.head + excluded.head, last_at = greatest(r.last_at, excluded.last_at),
    last_message = coalesce(r.head + excluded.last_message, r.last_message),
    last_message_at = greatest(r.last_message_at, excluded.last_message_at)
  returning id, head
), based as (
  select n, id, head - places as base, first_message, last_message from room join grown using (id)
), placed as (
  select based.id as room, base + place as seq, e.*
  from based join rows from (
    unnest($5::text::int[], $6::text::int[], $7::text::bigint[], $8::text::timestamptz[], $9::text::bigint[]),
    json_array_elements_text($10::text::json), json_array_elements_text($11::text::json),
    json_array_elements_text($12::text::json), json_array_elements_text($13::text::json),
    json_array_elements_text($14::text::json)${columns}
  ) as e (n, place, log_seq, at, reply_to, author_id, author_username, client_id, body, extra${names}) using (n)
), ${entry}, unindexed as (
  insert into chat.unindexed (room, first_seq, last_seq)
  select id, base + first_message, base + last_message from based where last_message is not null
), ${rest}dead as (
  insert into chat.dead_letters (shard, log_seq, reason, subject, headers, payload)
  select shard, d.log_seq, d.reason, d.subject, d.headers, decode(d.payload, 'base64')
  from fence join json_to_recordset($4::text::json)
    as d (shard smallint, log_seq bigint, reason text, subject text, headers json, payload text) using (shard)
)
select (select string_agg(shard::text, ',') from fence) as moved,
  (select json_object_agg(n, base) from based) as bases`;

const ENTRY = `entry as (
  insert into chat.entries
    (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body, extra)
  select room, seq, log_seq, at, reply_to, 'message', author_id, author_username, client_id, body, extra::json
  from placed
)`;

/** For a batch of messages. */
export const WRITE = statementOf({ columns: "", names: "", entry: ENTRY, rest: "" });
/** For a batch with other entries as well, which change what is there. */
export const WRITE_WITH_EVENTS = statementOf({
  columns: EVENT_COLUMNS,
  names: EVENT_NAMES,
  entry: ENTRY_WITH_CHANGES,
  rest: EVENT_EFFECTS,
});
