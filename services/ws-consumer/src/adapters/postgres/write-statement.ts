import type { Param } from "@parley/runtime/postgres";
import type { PoisonEntry, ShardPosition } from "../../application/shard-log.ts";
import { type Batch, LEASE_MS, type Written } from "../../application/shard-store.ts";
import { ENTRY_WITH_CHANGES, EVENT_EFFECTS, EVENT_FIELDS, EVENT_TEXTS } from "./write-events.ts";

/** What a statement has besides, if there are entries that are no messages. */
type Parts = Readonly<{ event: string; fields: readonly [string, string]; entry: string; rest: string }>;

/**
 * One statement for batches of one or more shards, so that a crash at any point leaves cursors, rooms and entries in
 * agreement.
 *
 * - `fence` moves each shard's cursor by compare-and-set; if epoch or cursor are not as expected it gives no row, all
 *   that is done for that shard hangs on its row, and nothing happens to it. The row's lock also makes a second
 *   statement with the same position wait for the first, and then do nothing.
 * - `arrived` takes the entries' JSON as it came. The look-up of known entries is a subquery on purpose: as a join it
 *   could be planned as a scan of the whole table. It asks for the entry's key alone, which only one index has: asked
 *   for the columns, it was planned for the primary key while the table was small, and then read all entries of the
 *   room for each one. `found` is materialized, or it would be done twice.
 * - `fresh` numbers the new entries of each room; `room` moves the rooms' heads by as many; `placed` puts both
 *   together. (`is_new` is a column because a planner that filters on `known_seq is null` expects one row.)
 */
const statementOf = ({ event, fields, entry, rest }: Parts) => `
with fence as (
  update chat.shards s
  set cursor = p.next, cursor_time = p.next_time, lease_until = now() + $2 * interval '1 millisecond'
  from json_to_recordset($1::text::json)
    as p (shard smallint, epoch bigint, cursor bigint, next bigint, next_time text)
  where s.shard = p.shard and s.epoch = p.epoch and s.cursor = p.cursor
  returning s.shard
), found as materialized (
  select e.*, (
    select m.seq from chat.entries m
    where chat.entry_key(m.room, m.author_id, m.type, m.client_id) =
      chat.entry_key(e.room, (e.author).id, e.type, e.id)
  ) as known_seq
  from fence join rows from (
    json_to_recordset($3::text::json)
      as (type text, room text, id text, author chat.author, body text, at timestamptz, "replyTo" bigint${fields[0]}),
    unnest($4::text::bigint[]), unnest($5::text::smallint[])${event}
  ) with ordinality
    as e (type, room, id, author, body, at, reply_to${fields[1]}, log_seq, shard${event && ", event"}, n)
  using (shard)
), arrived as (
  select *, known_seq is null as is_new from found
), fresh as (
  select *, row_number() over (partition by room order by n) as place, count(*) over (partition by room) as places
  from arrived where is_new
), room as (
  insert into chat.rooms as r (id, kind, head, created_at, last_at, last_message, last_message_at)
  select room, case left(room, 1) when 'G' then 'group' when 'D' then 'direct' else 'channel' end,
    count(*), min(at), max(at), max(place) filter (where type = 'message'), max(at) filter (where type = 'message')
  from fresh group by room
  on conflict (id) do update set head = r.head + excluded.head, last_at = greatest(r.last_at, excluded.last_at),
    last_message = coalesce(r.head + excluded.last_message, r.last_message),
    last_message_at = greatest(r.last_message_at, excluded.last_message_at)
  returning id, head
), placed as (
  select fresh.*, room.head - places + place as seq from fresh join room on room.id = fresh.room
), ${entry}, unindexed as (
  insert into chat.unindexed (room, first_seq, last_seq)
  select room, min(seq), max(seq) from placed where type = 'message' group by room
), ${rest}dead as (
  insert into chat.dead_letters (shard, log_seq, reason, subject, headers, payload)
  select shard, d.log_seq, d.reason, d.subject, d.headers, decode(d.payload, 'base64')
  from fence join json_to_recordset($6::text::json)
    as d (shard smallint, log_seq bigint, reason text, subject text, headers json, payload text) using (shard)
)
select (select string_agg(shard::text, ',') from fence) as moved,
  (select string_agg(seq::text, ',' order by n) from
    (select n, seq from placed union all select n, known_seq from arrived where not is_new) as every) as seqs,
  (select string_agg((n - 1)::text, ',') from arrived where not is_new) as known`;

const ENTRY = `entry as (
  insert into chat.entries
    (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body)
  select room, seq, log_seq, at, reply_to, type, (author).id, (author).username, id, body from placed
)`;

/** For a batch of messages. */
export const WRITE = statementOf({ event: "", fields: ["", ""], entry: ENTRY, rest: "" });
/** For a batch with other entries as well, which change what is there. */
export const WRITE_WITH_EVENTS = statementOf({
  event: EVENT_TEXTS,
  fields: EVENT_FIELDS,
  entry: ENTRY_WITH_CHANGES,
  rest: EVENT_EFFECTS,
});

/** What is to be stored of one shard. */
export type ShardWrite = Readonly<{ position: ShardPosition; batch: Batch }>;

/** Whether there are entries that are no messages. */
export const hasEvents = (writes: readonly ShardWrite[]): boolean =>
  writes.some(({ batch }) => batch.entries.some(({ event }) => event !== undefined));

/** What the statement gives: one row. Lists are texts, which cost less than rows. */
export type WriteRow = { moved: string | null; seqs: string | null; known: string | null };

/** @param writes of different shards, in the order in which their rows are to be locked */
export function paramsOf(writes: readonly ShardWrite[]): Param[] {
  const entries = writes.flatMap(({ batch }) => batch.entries);
  const poison = writes.flatMap(({ position, batch }) =>
    batch.poison.map((entry) => deadLetterOf(position.shard, entry)),
  );
  return [
    JSON.stringify(writes.map(moveOf)),
    LEASE_MS,
    `[${entries.map(({ text }) => text).join()}]`,
    `{${entries.map(({ logSeq }) => logSeq).join()}}`,
    `{${writes.flatMap(({ position, batch }) => batch.entries.map(() => position.shard)).join()}}`,
    JSON.stringify(poison),
    ...(hasEvents(writes) ? [JSON.stringify(entries.map(({ event }) => event ?? null))] : []),
  ];
}

/** What was written of each shard, undefined where its position was no longer right. */
export function writtenOf(row: WriteRow, writes: readonly ShardWrite[]): (Written | undefined)[] {
  const moved = new Set(numbersOf(row.moved));
  const seqs = numbersOf(row.seqs);
  const known = numbersOf(row.known);
  // `seqs` leaves out the entries of shards that were not moved; `known` counts them.
  let stored = 0;
  let sent = 0;
  return writes.map(({ position, batch }) => {
    const { length } = batch.entries;
    const from = sent;
    sent += length;
    if (!moved.has(position.shard)) return undefined;
    stored += length;
    const own = known.filter((index) => index >= from && index < sent).map((index) => index - from);
    return { seqs: seqs.slice(stored - length, stored), known: new Set(own) };
  });
}

function numbersOf(list: string | null): number[] {
  return list === null ? [] : list.split(",").map(Number);
}

function moveOf({ position: { shard, epoch, cursor }, batch }: ShardWrite) {
  return { shard, epoch, cursor, next: batch.cursor, next_time: batch.cursorTime };
}

function deadLetterOf(shard: number, { logSeq, reason, original }: PoisonEntry) {
  const { subject, headers, payload } = original();
  return {
    shard,
    log_seq: logSeq,
    reason: storable(reason),
    subject: storable(subject),
    headers: JSON.parse(storable(JSON.stringify(headers))),
    payload: Buffer.from(payload).toString("base64"),
  };
}

/** Text that Postgres can hold: without NUL and lone surrogates. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD").replaceAll("\\u0000", "\uFFFD");
}
