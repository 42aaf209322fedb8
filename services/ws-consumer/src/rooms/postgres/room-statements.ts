/** The rows of `$1`. */
const ITEM = `
with item as (
  select r.* from rows from (
    json_to_recordset($1::text::json) as (entry json, member text, username text, role text, "roomState" text, receipt text)
  ) with ordinality as r (entry, member, username, role, room_state, receipt, n)
), newcomer as (
  select member from item i where role <> 'none'
    and not exists (select from chat.members m where m.room = $3 and m.user_id = i.member)
)`;

/**
 * The quotas that new members of the room `$3` exceed, by name. Direct chats do not count among a user's rooms: others
 * open them. Changes that run at once may each count without the other: a quota is exceeded by that many at most.
 */
const memberQuotas = (joinedMax: string, groupMax: string) => `
  when exists (select from newcomer where left($3, 1) <> 'D' and (
    select count(*) from (
      select from chat.members m where m.user_id = newcomer.member and left(m.room, 1) <> 'D' limit ${joinedMax}::int
    ) as counted) >= ${joinedMax}::int) then 'ROOMS_JOINED_MAX'
  when left($3, 1) = 'G' and exists (select from newcomer) and (select count(*) from newcomer) + (
    select count(*) from (select from chat.members m where m.room = $3 limit ${groupMax}::int) as counted
  ) > ${groupMax}::int then 'GROUP_MEMBERS_MAX'`;

/**
 * Clauses that apply the items after `room`, the row that was created or changed; if there is none, they do nothing. That
 * row is locked before the outbox takes its ids, so that the ids of one room are in the order of its changes. A new
 * member's read cursor starts at the head, and the entry says so. An invitation ends with any change of its membership.
 */
const EFFECTS = `
, sent as (
  insert into chat.outbox (shard, room, member, role, room_state, entry, receipt)
  select $2::smallint, room.id, item.member, item.role, item.room_state,
    case when item.entry ->> 'type' = 'member_joined'
      then (left(item.entry::text, -1) || ',"readSeq":' || room.head || '}')::json else item.entry end, item.receipt
  from room, item order by item.n
  returning id, member
), kept as (
  insert into chat.members (room, user_id, username, role, read_seq, changed)
  select room.id, item.member, item.username, item.role, room.head, sent.id
  from room, item join sent on sent.member = item.member
  where item.role <> 'none'
  on conflict (room, user_id) do update set role = excluded.role, changed = excluded.changed
), gone as (
  delete from chat.members m using room, item where item.role = 'none' and m.room = room.id and m.user_id = item.member
), ended as (
  delete from chat.members m using room, item where item.room_state = 'none' and m.room = room.id
), answered as (
  delete from chat.invitations v using room, item
  where v.room = room.id and (v.user_id = item.member or item.room_state = 'none')
), closed as (
  delete from chat.invite_codes v using room, item where item.room_state = 'none' and v.room = room.id
)
select (select count(*) from room)::int as changed, (select name from quota) as quota`;

/** A room that there is already exceeds no quota. The only room with blocks is a direct chat, of whose two one blocks the other. */
export const CREATE = `${ITEM}, quota as (
  select case
  when exists (select from chat.rooms where id = $3) then null
  when exists (select from chat.blocks where room = $3) then 'blocked'
  when (
    select count(*) from (
      select from chat.rooms where created_by = $6 and created_at > now() - interval '1 day' limit $9::int
    ) as counted) >= $9::int then 'ROOMS_MADE_PER_DAY'${memberQuotas("$7", "$8")} end as name
), room as (
  insert into chat.rooms (id, kind, head, created_at, last_at, title, created_by)
  select $3, $4, 0, now(), now(), $5, $6 from quota where name is null
  on conflict (id) do nothing
  returning id, head
)${EFFECTS}`;

export const CHANGE = `${ITEM}, quota as (
  select case${memberQuotas("$5", "$6")} end as name
), room as (
  update chat.rooms r
  set version = version + 1,
    title = case when t.has_title then t.title else r.title end,
    deleted_at = case when t.is_gone then now() end
  from (
    select bool_or(has_title) as has_title, max(title) as title, coalesce(bool_or("roomState" = 'none'), false) as is_gone
    from json_to_recordset($1::text::json) as t (title text, has_title boolean, "roomState" text)
  ) as t
  where r.id = $3 and r.version = $4 and r.deleted_at is null and (select name from quota) is null
  returning r.id, r.head
)${EFFECTS}`;

export const STATE = `
select r.kind, r.title, r.version, a.role, t.role as "targetRole", t.username as "targetName",
  (select count(*) from chat.members o where o.room = r.id and o.role = 'owner')::int as owners
from chat.rooms r
left join chat.members a on a.room = r.id and a.user_id = $2
left join chat.members t on t.room = r.id and t.user_id = $3
where r.id = $1 and r.deleted_at is null`;

export const MESSAGE = `
select r.kind, r.version, a.role, e.author_id as "authorId",
  exists (select from chat.blocks b where b.room = r.id and b.blocked_id = $3) as "isBlocked"
from chat.rooms r
left join chat.members a on a.room = r.id and a.user_id = $3
left join chat.entries e on e.room = r.id and e.seq = $2 and e.type = 'message' and e.deleted_at is null
where r.id = $1 and r.deleted_at is null`;

/** Locks the room's row, so that outbox ids are in the order of the room's changes; its version stays. */
export const CHANGE_MESSAGE = `
with room as (
  select id from chat.rooms where id = $1 and version = $2 and deleted_at is null for update
), sent as (
  insert into chat.outbox (shard, room, entry, receipt)
  select $4::smallint, room.id, $5::text::json, $6 from room
  where exists (
    select from chat.entries e where e.room = room.id and e.seq = $3 and e.type = 'message' and e.deleted_at is null
  )
  returning id
)
select count(*)::int as changed from sent`;

export const PREFER = `
update chat.members
set is_muted = coalesce($3::boolean, is_muted), is_pinned = coalesce($4::boolean, is_pinned)
where room = $1 and user_id = $2
returning 1`;
