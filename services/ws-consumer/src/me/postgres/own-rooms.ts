import { withSeq } from "@parley/protocol/live";
import { meOf, type UserEvent, userOfMe } from "@parley/protocol/me";
import type { Database } from "@parley/runtime/postgres";
import { APPEND_USER_EVENTS, ISO_TIME, NOTED } from "../../postgres/user-events.ts";
import type { SessionNote } from "../note-sessions.ts";

const HEADS = `
select user_id as "userId", head from chat.user_heads where user_id = any(array(select json_array_elements_text($1::text::json)))`;
const REPLAY = `
select seq, event::text as event from chat.user_events
where user_id = $1 and seq > $2 and seq <= $3 order by seq limit $4`;
const NOTE_SESSIONS = `
with personal as (
  select s."userId" as user_id, s.n, s.session || ' ' || s.change as key, json_build_object(
    'type', 'session', 'room', '@me', 'at', ${ISO_TIME("now()")}, 'session', s.session, 'change', s.change) as event
  from rows from (json_to_recordset($1::text::json) as ("userId" text, session text, change text))
    with ordinality as s ("userId", session, change, n)
  where not exists (
    select from chat.user_events e where e.user_id = s."userId" and e.key = s.session || ' ' || s.change
  )
), ${APPEND_USER_EVENTS}
select ${NOTED} as noted`;
const UNIQUE_VIOLATION = "23505";

/** Creates the store of the users' own rooms, which are named as `meOf` does. */
export function createOwnRooms(database: Database) {
  return {
    /** Reads the newest seq of each room; rooms without events are left out. */
    async heads(rooms: readonly string[]): Promise<Map<string, number>> {
      const rows = await database.query<{ userId: string; head: number }>(HEADS, [
        JSON.stringify(rooms.map(userOfMe)),
      ]);
      return new Map(rows.map(({ userId, head }) => [meOf(userId), head]));
    },
    /** Reads frames with `after` < seq ≤ `upTo` as JSON texts, oldest first. */
    async replay(userId: string, after: number, upTo: number): Promise<string[]> {
      const params = [userId, after, upTo, upTo - after];
      const rows = await database.query<{ seq: number; event: string }>(REPLAY, params);
      return rows.map(({ seq, event }) => withSeq(event, seq));
    },
    /** Appends changes of sessions, each once; returns those that are new. */
    async noteSessions(notes: readonly SessionNote[]): Promise<readonly UserEvent[]> {
      try {
        const [row] = await database.query<{ noted: UserEvent[] | null }>(NOTE_SESSIONS, [
          JSON.stringify(notes),
        ]);
        return row?.noted ?? [];
      } catch (error) {
        // Another instance has noted one of them meanwhile: the others follow one by one.
        if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
        if (notes.length === 1) return [];
        const noted: UserEvent[] = [];
        for (const note of notes) noted.push(...(await this.noteSessions([note])));
        return noted;
      }
    },
  };
}
