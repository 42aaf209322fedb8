import { USER_EVENTS_MAX } from "@parley/protocol/me";

/** SQL: a time as `toISOString` writes it. */
export const ISO_TIME = (time: string) =>
  `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * SQL clauses that append the rows of `personal` (user_id, n, key, event) to the users' own rooms, in the order of `n`.
 * Heads are locked after everything else that a statement locks, and in the order of users, so that two statements cannot
 * deadlock; `personal` must read from the clauses that lock. `noted` are the stored rows.
 */
export const APPEND_USER_EVENTS = `user_head as (
  insert into chat.user_heads as h (user_id, head)
  select user_id, count(*) from personal group by user_id order by user_id
  on conflict (user_id) do update set head = h.head + excluded.head
  returning user_id, head
), noted as (
  insert into chat.user_events (user_id, seq, key, event)
  select p.user_id, h.head - p.size + p.place, p.key, p.event
  from (
    select *, row_number() over (partition by user_id order by n) as place, count(*) over (partition by user_id) as size
    from personal
  ) as p join user_head h using (user_id)
  returning user_id, seq, event
), forgotten as (
  delete from chat.user_events e using user_head h where e.user_id = h.user_id and e.seq <= h.head - ${USER_EVENTS_MAX}
)`;

/** SQL: the stored rows as JSON, an array of `UserEvent`; null if there are none. */
export const NOTED = `(select json_agg(json_build_object('userId', user_id, 'seq', seq, 'event', event::text)
  order by user_id, seq) from noted)`;
