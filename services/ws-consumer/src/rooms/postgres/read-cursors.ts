import type { UserEvent } from "@parley/protocol/me";
import type { ReadMark } from "@parley/protocol/reads";
import type { Database } from "@parley/runtime/postgres";
import { APPEND_USER_EVENTS, ISO_TIME, NOTED } from "../../postgres/user-events.ts";
import type { MoveCursors, MovedCursor } from "../mark-read.ts";

/** Read cursors that a new listener of a room is sent. */
const CURSORS_MAX = 100;

/**
 * Locks rows in the order of their keys, so that two statements cannot deadlock. A moved cursor is an event of its user:
 * other devices learn of it.
 */
const MOVE = `
with mark as (
  select m.room, m.user_id, m.read_seq, least(k.seq, r.head) as seq
  from json_to_recordset($1::text::json) as k (room text, "userId" text, seq bigint)
  join chat.rooms r on r.id = k.room and r.deleted_at is null
  join chat.members m on m.room = k.room and m.user_id = k."userId"
  order by m.room, m.user_id
  for no key update of m
), moved as (
  update chat.members m set read_seq = mark.seq from mark
  where m.room = mark.room and m.user_id = mark.user_id and m.read_seq < mark.seq
  returning m.room, m.user_id, m.read_seq
), personal as (
  select user_id, row_number() over (order by user_id, room) as n, null::text as key, json_build_object(
    'type', 'read_mark', 'room', '@me', 'at', ${ISO_TIME("now()")},
    'mark', json_build_object('room', room, 'seq', read_seq)) as event
  from moved
), ${APPEND_USER_EVENTS}
select (
    select json_agg(json_build_object('room', mark.room, 'userId', mark.user_id,
      'seq', greatest(mark.seq, mark.read_seq), 'isMoved', moved.room is not null))
    from mark left join moved on moved.room = mark.room and moved.user_id = mark.user_id
  ) as cursors, ${NOTED} as noted`;

/** Read cursors of at most `$2` members; those who have read nothing are left out. */
const CURSORS = `
select user_id as id, username, read_seq as seq from chat.members where room = $1 and read_seq > 0 limit $2`;

type MoveRow = { cursors: MovedCursor[] | null; noted: UserEvent[] | null };
type CursorRow = { id: string; username: string; seq: number };

/** Creates the store of read cursors. */
export function createReadCursors(database: Database) {
  const move: MoveCursors = async (marks) => {
    const rows = marks.map(({ room, user, seq }) => ({ room, userId: user.id, seq }));
    const [row] = await database.query<MoveRow>(MOVE, [JSON.stringify(rows)]);
    return { cursors: row?.cursors ?? [], noted: row?.noted ?? [] };
  };
  const ofRoom = async (room: string, max = CURSORS_MAX): Promise<ReadMark[]> => {
    const rows = await database.query<CursorRow>(CURSORS, [room, max]);
    return rows.map(({ id, username, seq }) => ({ room, user: { id, username }, seq }));
  };
  return { move, ofRoom };
}
