import { type Database, openDatabase } from "@parley/runtime/postgres";
import type { IndexWords, Search } from "../../application/search.ts";
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from "./message-row.ts";

const CONNECTIONS = 3;
const DEADLINE_MS = 5_000;
/**
 * Each search is planned for its own words: rare ones are found by the index of words, common ones by walking back
 * from the newest message until there are enough.
 */
const SETTINGS = { plan_cache_mode: "force_custom_plan", jit: "off" };

/** Opens the pool that searches use. */
export function openSearchDatabase(url: string): Database {
  const address = new URL(url);
  for (const [setting, value] of Object.entries(SETTINGS)) address.searchParams.set(setting, value);
  return openDatabase({
    url: address.href,
    name: "ws-consumer search",
    connections: CONNECTIONS,
    deadlineMs: DEADLINE_MS,
  });
}

/**
 * Rows of the queue are taken by one instance each. What was edited is indexed anew, what was deleted leaves nothing.
 * The room and its kind are lexemes with a blank, which no text gives, so that the index of words knows them too.
 */
const INDEX = `
with batch as (
  delete from chat.unindexed
  where id in (select id from chat.unindexed order by id limit $1 for update skip locked)
  returning room, first_seq, last_seq
), message as (
  select distinct e.room, e.seq, e.at, e.body, e.deleted_at, r.kind
  from batch join chat.rooms r on r.id = batch.room
  join chat.entries e on e.room = batch.room and e.seq between batch.first_seq and batch.last_seq
  where e.type = 'message'
), gone as (
  delete from chat.words w using message m where m.deleted_at is not null and w.room = m.room and w.seq = m.seq
), kept as (
  insert into chat.words (room, seq, at, words)
  select room, seq, at, to_tsvector($2::regconfig, body) || array_to_tsvector(array['room ' || room, 'kind ' || kind])
  from message where deleted_at is null
  on conflict (room, seq) do update set words = excluded.words
)
select count(*)::int as batches from batch`;

/** The rooms that a user may read, as a query of lexemes: one of them has to be there. */
const READABLE = `
select coalesce(string_agg(quote_literal('room ' || m.room), '|'), quote_literal('room ')) as rooms
from chat.members m join chat.rooms r on r.id = m.room
where m.user_id = $1 and r.kind <> 'channel' and r.deleted_at is null`;

const FIND = `
with found as (
  select w.room, w.seq, w.at from chat.words w
  where w.words @@ ($1::tsquery && websearch_to_tsquery($2::regconfig, $3))
    and ($5::timestamptz is null or (w.at, w.room, w.seq) < ($5::timestamptz, $6, $7::bigint))
  order by w.at desc, w.room desc, w.seq desc limit $4
)
select e.room, ${MESSAGE_COLUMNS("e")}
from found f
join chat.entries e on e.room = f.room and e.seq = f.seq and e.deleted_at is null
join chat.rooms r on r.id = f.room and r.deleted_at is null
order by f.at desc, f.room desc, f.seq desc`;

/** What may be searched: queries over lexemes of rooms. */
const roomQuery = (room: string) => `'room ${room}'`;
const CHANNELS = "'kind channel'";

/** @param language a text search configuration of Postgres, such as `english` or `simple` */
export function createSearch(database: Database, language: string): { search: Search; index: IndexWords } {
  const index: IndexWords = async (batchesMax) => {
    const [row] = await database.query<{ batches: number }>(INDEX, [batchesMax, language]);
    return row?.batches ?? 0;
  };
  const scopeOf = async (userId: string) => {
    const [row] = await database.query<{ rooms: string }>(READABLE, [userId]);
    return `${CHANNELS}|${row?.rooms}`;
  };
  return {
    index,
    async search(userId, words, limit, room, after) {
      const scope = room === undefined ? await scopeOf(userId) : roomQuery(room);
      const place = [after?.at ?? null, after?.room ?? null, after?.seq ?? null];
      const params = [scope, language, words, limit, ...place];
      const rows = await database.query<MessageRow & { room: string }>(FIND, params);
      return rows.map((row) => messageOf(row.room, row));
    },
  };
}

/** @throws {Error} if Postgres has no such language. */
export async function checkLanguage(database: Database, language: string): Promise<void> {
  await database.query("select to_tsvector($1::regconfig, '')", [language]);
}
