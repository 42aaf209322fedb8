import type { Database } from "@parley/runtime/postgres";
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from "../../postgres/message-row.ts";
import type { QueuedMessage } from "../indexer.ts";
import type { PreparedQuery, SearchIndex } from "../search.ts";

/** With more hits than this it is cheaper to walk back from the newest message until there are enough, … */
const HITS_MAX = 5_000;
/** … but not further than so many messages: then the tokens are looked up after all. */
const WALK_MAX = 20_000;
/** Rows and messages of the queue that one search reads: the newest rows, messages per row, messages in all. */
const QUEUE_ROWS_MAX = 100;
const QUEUE_ROW_MESSAGES_MAX = 100;
const QUEUE_MESSAGES_MAX = 500;

/**
 * `querytree` gives the part of a query that an index can answer: empty or `T` when every message could match, and then
 * nothing is searched. Ids of rooms contain no comma. The room is indexed as a lexeme that contains a blank; no text
 * produces such a lexeme, so the index of tokens also selects by room.
 */
const PREPARE = `
select case when $3::text is null then query else quote_literal('room ' || $3::text)::tsquery && query end::text as query,
  case when $3::text is null then (
    select coalesce(string_agg(m.room, ','), '') from chat.members m join chat.rooms r on r.id = m.room
    where m.user_id = $4 and r.kind <> 'channel' and r.deleted_at is null
  ) else '' end as "privateRooms"
from to_tsquery($1::regconfig, $2) as query
where querytree(query) not in ('', 'T')`;

/** Rooms are compared and not looked up in the index: to merge a hundred of them there takes longer. */
const readable = (isOpen: string) =>
  `($1::text is not null or ${isOpen} or room = any(string_to_array($2, ',')))`;

const QUEUED = `
select q.room, e.seq, e.at, e.body from (
  select * from chat.search_queue order by id desc limit ${QUEUE_ROWS_MAX}
) as q, lateral (
  select seq, at, case when deleted_at is null then body end as body from chat.entries e
  where e.room = q.room and e.seq between q.first_seq and q.last_seq and e.type = 'message'
  order by seq desc limit ${QUEUE_ROW_MESSAGES_MAX} offset 0
) as e
where ($1::text is null or q.room = $1) and ${readable("left(room, 1) not in ('G', 'D')")}
limit ${QUEUE_MESSAGES_MAX}`;

const AFTER = (w: string) =>
  `($5::timestamptz is null or (${w}.at <= $5::timestamptz and (${w}.at, ${w}.room, ${w}.seq) < ($5, $6, $7::bigint)))`;
/** Each search is planned with its parameters, so this leaves one partition to look at. */
const IN_ROOM = "($1::text is null or w.room = $1)";
const NEWEST = "order by at desc, room desc, seq desc limit $4";

/** Messages that are new or changed since they were indexed. Their tokens come as parameters of the query. */
const QUEUED_HITS = `queued as materialized (
  select q.room, q.seq, q.at, to_tsvector($9::regconfig, q.tokens) || array_to_tsvector(array['room ' || q.room]) @@ $3::tsquery as is_hit
  from json_to_recordset($8::text::json) as q (room text, seq bigint, at timestamptz, tokens text)
)`;
const NOT_QUEUED = "not exists (select from queued q where q.room = w.room and q.seq = w.seq)";
const AND_QUEUED = `union all select q.room, q.seq, q.at from queued q where is_hit and ${AFTER("q")}`;

/** Reads each found message by its primary key. `offset 0` stops the planner from joining the tables in another way. */
const SHOW = `
select f.room, e.*
from found f, lateral (
  select ${MESSAGE_COLUMNS("m")} from chat.entries m
  where m.room = f.room and m.seq = f.seq and m.deleted_at is null offset 0
) as e
where exists (select from chat.rooms r where r.id = f.room and r.deleted_at is null)
order by f.at desc, f.room desc, f.seq desc`;

const HITS = `select w.room, w.seq, w.at, w.is_open from chat.search_index w where w.tokens @@ $3::tsquery and ${IN_ROOM} and ${AFTER("w")}`;

/** All that the index has of the query; the newest of them. Materialized, or it might walk after all. */
const FIND = `
with ${QUEUED_HITS}, hit as materialized (${HITS}), found as (
  select w.room, w.seq, w.at from hit w where ${readable("w.is_open")} and ${NOT_QUEUED} ${AND_QUEUED} ${NEWEST}
)${SHOW}`;

/** From the newest message back, until there are enough: for tokens that are in many messages. */
const WALK = `
with ${QUEUED_HITS}, walked as materialized (
  select w.room, w.seq, w.at from (
    select w.* from chat.search_index w where ${IN_ROOM} and ${AFTER("w")}
    order by w.at desc, w.room desc, w.seq desc limit ${WALK_MAX}
  ) as w
  where w.tokens @@ $3::tsquery and ${readable("w.is_open")} and ${NOT_QUEUED} limit $4
), found as (
  select * from walked ${AND_QUEUED} ${NEWEST}
)${SHOW}`;

type FoundRow = MessageRow & { room: string };
type Plan = { "Subplan Name"?: string; "Plan Rows": number; Plans?: readonly Plan[] };
type Explained = { "QUERY PLAN": readonly [{ Plan: Plan }] };

/** How many hits Postgres expects, from its statistics. */
function expectedHits(plan: Plan): number {
  if (plan["Subplan Name"] === "CTE hit") return plan["Plan Rows"];
  return Math.max(0, ...(plan.Plans ?? []).map(expectedHits));
}

/** @param language a text search configuration of Postgres, such as `english` or `simple` */
export function createSearchIndex(database: Database, language: string): SearchIndex {
  return {
    async prepare(userId, query, room) {
      const params = [language, query, room ?? null, userId];
      const [row] = await database.query<Omit<PreparedQuery, "room">>(PREPARE, params);
      return row && { ...row, room };
    },
    async queued({ room, privateRooms }) {
      const rows = await database.query<Omit<QueuedMessage, "at"> & { at: Date }>(QUEUED, [
        room ?? null,
        privateRooms,
      ]);
      return rows.map(({ at, ...message }) => ({ ...message, at: at.toISOString() }));
    },
    async find({ query, room, privateRooms }, queued, limit, after) {
      const place = [after?.at ?? null, after?.room ?? null, after?.seq ?? null];
      const params = [room ?? null, privateRooms, query, limit, ...place, JSON.stringify(queued), language];
      const shown = (rows: readonly FoundRow[]) => rows.map((row) => messageOf(row.room, row));
      const [explained] = await database.query<Explained>(`explain (format json) ${FIND}`, params);
      if (explained && expectedHits(explained["QUERY PLAN"][0].Plan) > HITS_MAX) {
        const rows = await database.query<FoundRow>(WALK, params);
        if (rows.length === limit) return shown(rows);
      }
      return shown(await database.query<FoundRow>(FIND, params));
    },
  };
}
