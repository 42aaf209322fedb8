import { type Database, openDatabase } from "@parley/runtime/postgres";
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from "../../postgres/message-row.ts";
import type { IndexMessages, Search } from "../search.ts";

const CONNECTIONS = 3;
const DEADLINE_MS = 5_000;
/**
 * Each search is planned for its own words, and always uses the index of lexemes. Commits do not wait for the disk: what
 * is lost with the server is back in the queue, because queue and index change in one statement.
 */
const SETTINGS = {
  synchronous_commit: "off",
  plan_cache_mode: "force_custom_plan",
  enable_seqscan: "off",
  random_page_cost: "1.1",
  max_parallel_workers_per_gather: "0",
  jit: "off",
};
/** Rows of the queue per statement; each is a room and a range of seqs. */
const BATCHES_MAX = 200;
/** With more expected hits it is cheaper to scan back from the newest message until the page is full, … */
const HITS_MAX = 5_000;
/** … but through this many messages at most; then the words are looked up after all. */
const SCAN_MAX = 20_000;

/** Opens the pool of search and indexer. */
export function openSearchDatabase(url: string): Database {
  return openDatabase({
    url,
    name: "ws-consumer search",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
    settings: SETTINGS,
  });
}

/**
 * Takes rows from the queue until they have `$1` messages; instances skip each other's rows. Edited messages are indexed
 * again, deleted ones removed. The room is indexed as a lexeme with a space, which no text yields. Entries are looked up
 * batch by batch (`offset 0`): a join could read all of them to find a few.
 */
const INDEX = `
with queued as (
  select id, last_seq - first_seq + 1 as messages from chat.unindexed order by id limit ${BATCHES_MAX} for update skip locked
), batch as (
  delete from chat.unindexed
  where id in (select id from (select id, messages, sum(messages) over (order by id) from queued) as w where sum - messages < $1)
  returning room, first_seq, last_seq
), message as (
  select distinct e.room, e.seq, e.at, e.body, e.deleted_at
  from batch, lateral (
    select * from chat.entries e
    where e.room = batch.room and e.seq between batch.first_seq and batch.last_seq and e.type = 'message' offset 0
  ) as e
), gone as (
  delete from chat.words w using message m where m.deleted_at is not null and w.room = m.room and w.seq = m.seq
), kept as (
  insert into chat.words (room, seq, at, is_open, words)
  select room, seq, at, left(room, 1) not in ('G', 'D'), to_tsvector($2::regconfig, body) || array_to_tsvector(array['room ' || room])
  from message where deleted_at is null
  on conflict (room, seq) do update set words = excluded.words
)
select (select count(*) from queued) = ${BATCHES_MAX} or (select count(*) from queued) > (select count(*) from batch)
  as is_more`;

/** The private rooms that a user may read, joined by commas, which no id contains. */
const PRIVATE = `
select coalesce(string_agg(m.room, ','), '') as rooms
from chat.members m join chat.rooms r on r.id = m.room
where m.user_id = $1 and r.kind <> 'channel' and r.deleted_at is null`;

const QUERY = `case when $7::text is null then websearch_to_tsquery($1::regconfig, $2)
  else quote_literal('room ' || $7::text)::tsquery && websearch_to_tsquery($1::regconfig, $2) end`;
const AFTER =
  "($4::timestamptz is null or (w.at <= $4::timestamptz and (w.at, w.room, w.seq) < ($4, $5, $6::bigint)))";
/** Rooms are filtered, not looked up in the index, where merging a hundred of them takes longer. */
const READABLE = "($7::text is not null or is_open or room = any(string_to_array($8, ',')))";
const NEWEST = "order by at desc, room desc, seq desc limit $3";

/** Reads the found messages by their primary key (`offset 0` keeps the planner from a join). */
const SHOW = `
select f.room, e.*
from found f, lateral (
  select ${MESSAGE_COLUMNS("m")} from chat.entries m
  where m.room = f.room and m.seq = f.seq and m.deleted_at is null offset 0
) as e
where exists (select from chat.rooms r where r.id = f.room and r.deleted_at is null)
order by f.at desc, f.room desc, f.seq desc`;

const HITS = `select w.room, w.seq, w.at, w.is_open from chat.words w where w.words @@ (${QUERY}) and ${AFTER}`;

/** Looks the words up and takes the newest hits. Materialized, or the planner might scan by time after all. */
const FIND = `
with hit as materialized (${HITS}), found as (
  select room, seq, at from hit where ${READABLE} ${NEWEST}
)${SHOW}`;

/** Scans back from the newest message until the page is full: for words that many messages have. */
const SCAN = `
with found as materialized (
  select room, seq, at from (
    select w.room, w.seq, w.at, w.is_open, w.words from chat.words w where ${AFTER}
    order by w.at desc, w.room desc, w.seq desc limit ${SCAN_MAX}
  ) as w
  where w.words @@ (${QUERY}) and ${READABLE} limit $3
)${SHOW}`;

type FoundRow = MessageRow & { room: string };
type Plan = { "Subplan Name"?: string; "Plan Rows": number; Plans?: readonly Plan[] };
type Explained = { "QUERY PLAN": readonly [{ Plan: Plan }] };

/** The hits that Postgres expects, from its statistics. */
function expectedHits(plan: Plan): number {
  if (plan["Subplan Name"] === "CTE hit") return plan["Plan Rows"];
  return Math.max(0, ...(plan.Plans ?? []).map(expectedHits));
}

/**
 * Creates search and indexing on Postgres' full text search.
 *
 * @param language a text search configuration of Postgres, such as `english` or `simple`
 */
export function createSearch(database: Database, language: string): { search: Search; index: IndexMessages } {
  const index: IndexMessages = async (messagesMax) => {
    const [row] = await database.query<{ is_more: boolean }>(INDEX, [messagesMax, language]);
    return row?.is_more === true;
  };
  return {
    index,
    async search(userId, query, limit, room, after) {
      const [own] = room === undefined ? await database.query<{ rooms: string }>(PRIVATE, [userId]) : [];
      const place = [after?.at ?? null, after?.room ?? null, after?.seq ?? null];
      const params = [language, query, limit, ...place, room ?? null, own?.rooms ?? ""];
      const shown = (rows: readonly FoundRow[]) => rows.map((row) => messageOf(row.room, row));
      const [explained] = await database.query<Explained>(`explain (format json) ${FIND}`, params);
      if (explained && expectedHits(explained["QUERY PLAN"][0].Plan) > HITS_MAX) {
        const rows = await database.query<FoundRow>(SCAN, params);
        if (rows.length === limit) return shown(rows);
      }
      return shown(await database.query<FoundRow>(FIND, params));
    },
  };
}

const UNDEFINED_OBJECT = "42704";

/** @throws {Error} if Postgres has no such text search configuration. Does nothing while Postgres cannot be reached. */
export async function checkLanguage(database: Database, language: string): Promise<void> {
  try {
    await database.query("select to_tsvector($1::regconfig, '')", [language]);
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_OBJECT) return;
    throw new Error(`SEARCH_LANGUAGE: Postgres has no text search configuration ${language}`);
  }
}
