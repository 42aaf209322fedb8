import type { LogEventOf } from "@parley/protocol/events";
import { withSeq } from "@parley/protocol/live";
import type { MessageFrame } from "@parley/protocol/message";
import type { StoredAnswer, StoredQuestion } from "@parley/protocol/stored";
import type { Database, Param } from "@parley/runtime/postgres";
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from "../../postgres/message-row.ts";
import type { HistoryPage, PageRequest, ReadPage } from "../read-history.ts";

/** Reads stored entries, in order of `seq`. It does not check rights. */
export interface History {
  /** Reads the newest seq of each room; rooms that do not exist are left out. */
  heads(rooms: readonly string[]): Promise<Map<string, number>>;
  /** Reads a page of messages, oldest first; `around` puts half of it before the seq and the rest from the seq on. */
  page(room: string, request: PageRequest): Promise<MessageFrame[]>;
  /** Reads the same page as one user sees it (reactions marked as own), with the room's head. */
  pageFor: ReadPage;
  /** Reads frames with `after` < seq ≤ `upTo` as JSON texts, oldest first, without a gap, at most `limit`. */
  replay(room: string, after: number, upTo: number, limit: number): Promise<string[]>;
  /**
   * Looks messages or, with `target`, reactions up by the ids that their authors gave them; null for one that is not
   * stored, `message_not_found` for a reaction to what is no visible message.
   */
  findStored(entries: readonly StoredQuestion[]): Promise<(StoredAnswer | null)[]>;
}

type PageRow = Omit<MessageRow, "seq"> & {
  head: number;
  seq: number | null;
  replies: number;
  reactions: { emoji: string; count: number; mine: boolean }[] | null;
};
type StoredRow = { seq: number | null; isMissing: boolean };
type ReplayRow = MessageRow & { event: string | null; targetBody: string | null };

/** Replies that are counted per message, and different emoji that are listed. */
const REPLIES_MAX = 1_000;
const REACTIONS_MAX = 50;

/** One statement, so that head, messages and reactions are of one snapshot. */
const PAGE = `
with page as (
  (select * from chat.entries where room = $1 and type = 'message' and seq < $3 order by seq desc limit $4)
  union all
  (select * from chat.entries where room = $1 and type = 'message' and seq > $5 order by seq limit $6)
)
select coalesce((select head from chat.rooms where id = $1), 0) as head, ${MESSAGE_COLUMNS("p")}, (
    select count(*)::int from (
      select from chat.entries r
      where r.room = p.room and r.reply_to = p.seq and r.deleted_at is null limit ${REPLIES_MAX}
    ) as counted
  ) as replies, (
    select json_agg(x) from (
      select emoji, count(*)::int as count, bool_or(user_id = $2) as mine
      from chat.reactions x where x.room = p.room and x.seq = p.seq
      group by emoji order by min(at), emoji limit ${REACTIONS_MAX}
    ) as x
  ) as reactions
from (select) as always left join page p on true
order by p.seq`;

/** An edit is delivered with the current text of its message: an earlier text is not kept. */
const REPLAY = `
select ${MESSAGE_COLUMNS("e")}, e.event::text as event, t.body as "targetBody"
from chat.entries e
left join chat.entries t on e.type = 'message_edited' and t.room = e.room and t.seq = (e.event ->> 'target')::bigint
where e.room = $1 and e.seq > $2 and e.seq <= $3
order by e.seq limit $4`;
/** Rooms are joined by commas, which no id contains. */
const HEADS = `select id, head from chat.rooms where id = any(string_to_array($1, ','))`;
/** Subqueries, which can only be planned as look-ups by key; `offset 0` hashes each entry once, not once per partition. */
const FIND = `
select (
    select m.seq from chat.entries m where chat.entry_key(m.room, m.author_id, m.type, m.client_id) = e.key
  ) as seq, e.target is not null and (
    select m.type = 'message' and m.deleted_at is null from chat.entries m where m.room = e.room and m.seq = e.target
  ) is not true as "isMissing"
from (
  select n, room, target, chat.entry_key(room, "userId", case when target is null then 'message' else 'reaction' end, id)
    as key
  from rows from (json_to_recordset($1::text::json) as (room text, "userId" text, id text, target bigint))
    with ordinality as t (room, "userId", id, target, n)
  offset 0
) as e
order by e.n`;

/** Creates the reader of stored entries. */
export function createHistory(database: Database): History {
  const pageFor = async (userId: string, room: string, request: PageRequest): Promise<HistoryPage> => {
    const rows = await database.query<PageRow>(PAGE, [room, userId, ...boundsOf(request)]);
    return { head: rows[0]?.head ?? 0, messages: rows.flatMap((row) => shownOf(room, row)) };
  };
  return {
    pageFor,
    async heads(rooms) {
      const rows = await database.query<{ id: string; head: number }>(HEADS, [rooms.join()]);
      return new Map(rows.map(({ id, head }) => [id, head]));
    },
    page: async (room, request) => [...(await pageFor("", room, request)).messages],
    async replay(room, seq, upTo, limit) {
      const rows = await database.query<ReplayRow>(REPLAY, [room, seq, upTo, limit]);
      return rows.map((row) => frameOf(room, row));
    },
    async findStored(entries) {
      const rows = await database.query<StoredRow>(FIND, [JSON.stringify(entries)]);
      return rows.map(({ seq, isMissing }) => seq ?? (isMissing ? "message_not_found" : null));
    },
  };
}

/** Parameters $3 to $6 of `PAGE`: `limit` messages before a seq, and `limit` after another. */
function boundsOf({ limit, after, before, around }: PageRequest): Param[] {
  if (after !== undefined) return [0, 0, after, limit];
  if (around === undefined) return [before ?? Number.MAX_SAFE_INTEGER, limit, 0, 0];
  const earlier = Math.floor(limit / 2);
  return [around, earlier, around - 1, limit - earlier];
}

function shownOf(room: string, { replies, reactions, seq, ...row }: PageRow): MessageFrame[] {
  if (seq === null) return [];
  const message = messageOf(room, { ...row, seq });
  return [{ ...message, ...(replies > 0 && { replies }), ...(reactions && { reactions }) }];
}

function frameOf(room: string, row: ReplayRow): string {
  const { event, seq, targetBody } = row;
  if (event === null) return JSON.stringify(messageOf(room, row));
  if (targetBody === null) return withSeq(event, seq);
  const edit = JSON.parse(event) as LogEventOf<"message_edited">;
  return withSeq(JSON.stringify({ ...edit, body: targetBody }), seq);
}
