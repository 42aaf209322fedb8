import type { Param } from "@parley/runtime/postgres";
import { APPEND_USER_EVENTS, NOTED } from "../../postgres/user-events.ts";
import type { LogContent, LogEntry } from "../shard-log.ts";

/**
 * Clauses of the writer's statement for events (every type but message). Events get seqs like messages, and the rows of
 * the messages that they change are updated in the same statement, so that order and state agree. Their message may be in
 * the same batch, when the log is read again after Postgres was restored from a backup: then it is stored as changed.
 */
export type StatementClauses = Readonly<{
  columns: string;
  names: string;
  entry: string;
  effects: string;
  noted: string;
}>;

/** Members up to whom a change of their room is an event of each; those of larger rooms see it in the room. */
const UPDATED_MEMBERS_MAX = 1_000;

/** Columns that only events have: null for a message. */
const COLUMNS = `,
    unnest($15::text::text[], $16::text::bigint[], $17::text::boolean[]),
    json_array_elements_text($18::text::json), json_array_elements_text($19::text::json)`;
const NAMES = ", type, target, remove, emoji, event";

/** The final change of each message that is edited or deleted; a deletion is final. */
const CHANGE = `change as (
  select distinct on (room, target) room, target, body, at, type = 'message_deleted' as is_deletion
  from placed where type in ('message_edited', 'message_deleted')
  order by room, target, is_deletion desc, seq desc
)`;

const ENTRY = `${CHANGE}, entry as (
  insert into chat.entries (room, seq, log_seq, at, reply_to, type, author_id, author_username, client_id, body,
    extra, event, edited_at, deleted_at)
  select p.room, p.seq, p.log_seq, p.at, p.reply_to, p.type, p.author_id, p.author_username, p.client_id,
    case when p.type <> 'message' or c.is_deletion then '' else coalesce(c.body, p.body) end,
    case when c.is_deletion then null else p.extra::json end,
    p.event::json, case when not c.is_deletion then c.at end, case when c.is_deletion then c.at end
  from placed p left join change c on p.type = 'message' and c.room = p.room and c.target = p.seq
)`;

/** Their order does not matter: each clause sees the tables as before the statement, and `placed`. */
const EFFECTS = `changed as (
  update chat.entries e
  set body = case when c.is_deletion then '' else c.body end,
    extra = case when c.is_deletion then null else e.extra end,
    edited_at = case when c.is_deletion then e.edited_at else c.at end,
    deleted_at = case when c.is_deletion then c.at end
  from change c
  where e.room = c.room and e.seq = c.target and e.type = 'message' and e.deleted_at is null
  returning e.room, e.seq
), queued_changes as (
  insert into chat.search_queue (shard, room, first_seq, last_seq)
  select b.shard, c.room, c.seq, c.seq from changed c join based b on b.id = c.room
), reacted as (
  select distinct on (room, target, emoji, author_id) room, target, emoji, author_id as user_id, at, remove
  from placed where type = 'reaction'
  order by room, target, emoji, author_id, seq desc
), reaction_added as (
  insert into chat.reactions (room, seq, emoji, user_id, at)
  select r.room, r.target, r.emoji, r.user_id, r.at from reacted r
  where not r.remove and (
    (select e.type = 'message' and e.deleted_at is null from chat.entries e
      where e.room = r.room and e.seq = r.target)
    or exists (select from placed p where p.room = r.room and p.seq = r.target and p.type = 'message')
  ) and not exists (select from change c where c.room = r.room and c.target = r.target and c.is_deletion)
  on conflict do nothing
), reaction_removed as (
  delete from chat.reactions x using reacted r
  where r.remove and x.room = r.room and x.seq = r.target and x.emoji = r.emoji and x.user_id = r.user_id
), reaction_gone as (
  delete from chat.reactions x using change c where c.is_deletion and x.room = c.room and x.seq = c.target
), concerned as (
  select p.room, p.seq, p.event::json as event, p.event::json -> 'user' ->> 'id' as user_id
  from placed p where p.type in ('member_joined', 'member_left', 'member_role')
  union all
  select p.room, p.seq, p.event::json, m.user_id
  from placed p cross join lateral (
    select user_id, count(*) over () as size
    from (select user_id from chat.members where room = p.room limit ${UPDATED_MEMBERS_MAX + 1}) as m
  ) as m
  where p.type = 'room_updated' and m.size <= ${UPDATED_MEMBERS_MAX}
), personal as (
  select user_id, row_number() over (order by room, seq) as n, null::text as key, json_build_object(
    'type', 'membership', 'room', '@me', 'at', event ->> 'at', 'event', event) as event
  from concerned
), ${APPEND_USER_EVENTS}, `;

export const EVENT_CLAUSES: StatementClauses = {
  columns: COLUMNS,
  names: NAMES,
  entry: ENTRY,
  effects: EFFECTS,
  noted: NOTED,
};

/** Fields that only some types of events have. */
const optional = (content: LogContent) =>
  content as LogContent & { target?: number; emoji?: string; remove?: boolean };

/** The parameters of `COLUMNS`. */
export function eventParamsOf(entries: readonly LogEntry[]): Param[] {
  return [
    arrayOf(entries.map(({ content }) => content.type)),
    arrayOf(entries.map(({ content }) => optional(content).target ?? "null")),
    arrayOf(entries.map(({ content }) => optional(content).remove ?? "null")),
    JSON.stringify(entries.map(({ content }) => optional(content).emoji ?? null)),
    JSON.stringify(entries.map(({ event }) => event ?? null)),
  ];
}

/** Encodes a Postgres array of values that need no quotes. */
const arrayOf = (values: readonly (string | number | boolean)[]): string => `{${values.join()}}`;
