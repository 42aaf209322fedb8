import type { UserEvent } from "@parley/protocol/me";
import { extraOf } from "@parley/protocol/message";
import type { Param } from "@parley/runtime/postgres";
import type { LogContent, LogEntry, ShardPosition } from "../shard-log.ts";
import { type Batch, LEASE_MS } from "../shard-store.ts";
import { deadLetterOf } from "./dead-letter.ts";
import { EVENT_CLAUSES, eventParamsOf, type StatementClauses } from "./write-events.ts";

/** The batch of one shard to be stored. */
export type ShardWrite = Readonly<{ position: ShardPosition; batch: Batch }>;

/**
 * One statement stores batches of one or more shards, so that a crash at any point leaves cursors, rooms and entries in
 * agreement (docs/decisions/0006). All entries are assumed to be new: the unique index on `chat.entry_key` refuses one
 * that is stored already, and with it the whole statement (`known-entries.ts`). So the sender numbers the entries within
 * their rooms, and Postgres only adds the heads.
 *
 * - `fence` moves each shard's cursor by compare-and-set. If epoch or cursor differ, the shard has no row here, and
 *   everything else depends on that row, so nothing of that shard is stored. A second statement with the same
 *   position waits for the row's lock, and then stores nothing.
 * - `grown` are the rooms that get entries, each once; a room belongs to one shard. (A subquery and not a join: Postgres
 *   would expect one row of a join, and plan `based` as a comparison of each room with each.)
 * - `room` adds to their heads, and `based` has each head from before.
 * - `placed` are the entries with their seqs.
 */
const statementOf = ({ columns, names, entry, effects, noted }: StatementClauses) => `
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
  select n, shard, id, head - places as base, first_message, last_message from room join grown using (id)
), placed as (
  select based.id as room, base + place as seq, e.*
  from based join rows from (
    unnest($5::text::int[], $6::text::int[], $7::text::bigint[], $8::text::timestamptz[], $9::text::bigint[]),
    json_array_elements_text($10::text::json), json_array_elements_text($11::text::json),
    json_array_elements_text($12::text::json), json_array_elements_text($13::text::json),
    json_array_elements_text($14::text::json)${columns}
  ) as e (n, place, log_seq, at, reply_to, author_id, author_username, client_id, body, extra${names}) using (n)
), ${entry}, queued as (
  insert into chat.search_queue (shard, room, first_seq, last_seq)
  select shard, id, base + first_message, base + last_message from based where last_message is not null
), ${effects}dead as (
  insert into chat.dead_letters (shard, log_seq, reason, subject, headers, payload)
  select shard, d.log_seq, d.reason, d.subject, d.headers, decode(d.payload, 'base64')
  from fence join json_to_recordset($4::text::json)
    as d (shard smallint, log_seq bigint, reason text, subject text, headers json, payload text) using (shard)
)
select (select string_agg(shard::text, ',') from fence) as moved,
  (select json_object_agg(n, base) from based) as bases, ${noted} as noted`;

const ENTRY = `entry as (
  insert into chat.entries
    (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body, extra)
  select room, seq, log_seq, at, reply_to, 'message', author_id, author_username, client_id, body, extra::json
  from placed
)`;

/** For batches of messages. */
export const WRITE = statementOf({ columns: "", names: "", entry: ENTRY, effects: "", noted: "null" });
/** For batches that also have events, which change stored rows. */
export const WRITE_WITH_EVENTS = statementOf(EVENT_CLAUSES);

/** The statement's row: shards whose cursor moved; by number of the room, its head before it; and events of users. */
export type WriteRow = {
  moved: string | null;
  bases: Readonly<Record<number, number>> | null;
  noted: readonly UserEvent[] | null;
};

/** For each entry, the number of its room and its place after the room's head: `seq = bases[room] + place`. */
export type EntryPlaces = Readonly<{ rooms: readonly number[]; places: readonly number[] }>;
type WriteStatement = EntryPlaces & Readonly<{ text: string; params: Param[] }>;

/** A room that gets entries: a row of `grown`. Places count from 1. */
type GrownRoom = {
  n: number;
  shard: number;
  id: string;
  places: number;
  first_at: string;
  last_at: string;
  first_message?: number;
  last_message?: number;
  last_message_at?: string;
};

/**
 * Builds the statement that stores these batches.
 *
 * @param writes of different shards, ordered by shard, because that is the order in which their rows are locked
 */
export function writeStatement(writes: readonly ShardWrite[]): WriteStatement {
  const grown = new Map<string, GrownRoom>();
  const entries: LogEntry[] = [];
  const rooms: number[] = [];
  const places: number[] = [];
  let hasEvents = false;
  for (const { position, batch } of writes)
    for (const entry of batch.entries) {
      const room = grow(grown, entry, position.shard);
      entries.push(entry);
      rooms.push(room.n);
      places.push(room.places);
      hasEvents ||= entry.event !== undefined;
    }
  const poison = writes.flatMap(({ position, batch }) =>
    batch.poison.map((entry) => deadLetterOf(position.shard, entry)),
  );
  const params: Param[] = [
    JSON.stringify(writes.map(cursorMoveOf)),
    LEASE_MS,
    JSON.stringify([...grown.values()]),
    JSON.stringify(poison),
    arrayOf(rooms),
    arrayOf(places),
    arrayOf(entries.map(({ logSeq }) => logSeq)),
    arrayOf(entries.map(({ content }) => content.at)),
    arrayOf(entries.map(({ content }) => optional(content).replyTo ?? "null")),
    JSON.stringify(entries.map(({ content }) => content.author.id)),
    JSON.stringify(entries.map(({ content }) => content.author.username)),
    JSON.stringify(entries.map(({ id }) => id)),
    JSON.stringify(entries.map(({ content }) => optional(content).body ?? null)),
    JSON.stringify(entries.map(({ content }) => extraTextOf(content))),
  ];
  if (hasEvents) params.push(...eventParamsOf(entries));
  return { text: hasEvents ? WRITE_WITH_EVENTS : WRITE, params, rooms, places };
}

/** Encodes a Postgres array of values that need no quotes. */
const arrayOf = (values: readonly (string | number)[]): string => `{${values.join()}}`;

/** Fields that only some types of entries have. */
const optional = (content: LogContent) => content as LogContent & { replyTo?: number; body?: string };

/** Gives the entry the next place in its room. */
function grow(rooms: Map<string, GrownRoom>, { room: id, content }: LogEntry, shard: number): GrownRoom {
  const { at, type } = content;
  let room = rooms.get(id);
  if (!room) {
    room = { n: rooms.size, shard, id, places: 0, first_at: at, last_at: at };
    rooms.set(id, room);
  }
  room.places += 1;
  if (at < room.first_at) room.first_at = at;
  if (at > room.last_at) room.last_at = at;
  if (type === "message") {
    room.first_message ??= room.places;
    room.last_message = room.places;
    if (room.last_message_at === undefined || at > room.last_message_at) room.last_message_at = at;
  }
  return room;
}

/** A message's optional content as JSON text, in the order of its schema. */
function extraTextOf(content: LogContent): string | null {
  const extra = content.type === "message" ? extraOf(content) : undefined;
  return extra === undefined ? null : JSON.stringify(extra);
}

function cursorMoveOf({ position: { shard, epoch, cursor }, batch }: ShardWrite) {
  return { shard, epoch, cursor, next: batch.cursor, next_time: batch.cursorTime };
}
