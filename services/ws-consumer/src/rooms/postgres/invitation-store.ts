import type { Database } from "@parley/runtime/postgres";
import type { Invitation, InvitationStore, InviteCode } from "../invitations.ts";
import { quotaText, type RoomQuotas } from "../rules/quotas.ts";
import { type Role, RoomError } from "../rules/rights.ts";

/** Invitations in a list. */
const LIST_MAX = 100;
/** How long a code is valid, days. */
const CODE_DAYS = 7;

/** Ids are joined by commas, which no id contains. */
const STRANGERS = `
select u.id from unnest(string_to_array($2, ',')) as u (id)
where not exists (
  select from chat.members mine join chat.members theirs on theirs.room = mine.room
  where mine.user_id = $1 and theirs.user_id = u.id
)`;

const COLUMNS = `i.room, r.title, i.user_id as "userId", i.username, i.role, i.invited_by as "byId",
  i.invited_by_username as "byName", i.at`;

const INVITE = `
with item as (
  select * from json_to_recordset($2::text::json) as item (id text, username text)
), waiting as (
  select count(*) as n from (
    select from chat.invitations w where w.invited_by = $4 and not (w.room = $1 and w.user_id in (select id from item))
    limit $6::int
  ) as counted
), i as (
  insert into chat.invitations (room, user_id, username, role, invited_by, invited_by_username)
  select $1, item.id, item.username, $3, $4, $5 from item, waiting
  where waiting.n + (select count(*) from item) <= $6::int
    and exists (select from chat.rooms where id = $1 and deleted_at is null)
  on conflict (room, user_id) do update set role = excluded.role, at = now(),
    invited_by = excluded.invited_by, invited_by_username = excluded.invited_by_username
  returning *
)
select ${COLUMNS}, false as "isOver" from i join chat.rooms r on r.id = i.room
union all
select null, null, null, null, null, null, null, null, true from waiting
where waiting.n + (select count(*) from item) > $6::int`;

const WAITING = `
select count(*)::int as n from (select from chat.invitations where invited_by = $1 limit $2::int) as counted`;
const FIND = `
select ${COLUMNS} from chat.invitations i join chat.rooms r on r.id = i.room and r.deleted_at is null
where i.user_id = $1 and ($2::text is null or i.room = $2) order by i.at desc limit ${LIST_MAX}`;
const REMOVE = "delete from chat.invitations where user_id = $1 and room = $2 returning 1";
const CODE = `
insert into chat.invite_codes as c (code, room, created_by, created_by_username, expires_at)
values ($4, $1, $2, $3, now() + interval '${CODE_DAYS} days')
on conflict (room, created_by) do update set expires_at = excluded.expires_at,
  code = case when c.expires_at > now() then c.code else excluded.code end
returning code, room, expires_at as "expiresAt"`;
const FIND_CODE = `
select room, created_by as id, created_by_username as username from chat.invite_codes
where code = $1 and expires_at > now()`;

type InvitationRow = {
  room: string;
  title: string | null;
  userId: string;
  username: string;
  role: Role;
  byId: string;
  byName: string;
  at: Date;
};
type InviteRow = InvitationRow & { isOver: boolean };
type CodeRow = Omit<InviteCode, "expiresAt"> & { expiresAt: Date };

/** Creates the store of invitations and invite codes. */
export function createInvitationStore(database: Database, quotas: RoomQuotas): InvitationStore {
  const max = quotas.INVITATIONS_PER_USER;
  const over = () => new RoomError("quota_exceeded", quotaText("INVITATIONS_PER_USER", quotas));
  return {
    async demandQuota(userId, count) {
      const [row] = await database.query<{ n: number }>(WAITING, [userId, max]);
      if ((row?.n ?? 0) + count > max) throw over();
    },
    async strangers(userId, ids) {
      const rows = await database.query<{ id: string }>(STRANGERS, [userId, ids.join()]);
      return rows.map(({ id }) => id);
    },
    async invite(room, by, users, role) {
      const params = [room, JSON.stringify(users), role, by.id, by.username, max];
      const rows = await database.query<InviteRow>(INVITE, params);
      if (rows[0]?.isOver) throw over();
      return rows.map(invitationOf);
    },
    list: async (userId) => (await database.query<InvitationRow>(FIND, [userId, null])).map(invitationOf),
    async find(userId, room) {
      const [row] = await database.query<InvitationRow>(FIND, [userId, room]);
      return row && invitationOf(row);
    },
    remove: async (userId, room) => (await database.query(REMOVE, [userId, room])).length > 0,
    async code(room, by, fresh) {
      const [row] = await database.query<CodeRow>(CODE, [room, by.id, by.username, fresh]);
      const { expiresAt, ...code } = row as CodeRow;
      return { ...code, expiresAt: expiresAt.toISOString() };
    },
    async removeCodes(room) {
      await database.query("delete from chat.invite_codes where room = $1", [room]);
    },
    async findCode(code) {
      type Row = { room: string; id: string; username: string };
      const [row] = await database.query<Row>(FIND_CODE, [code]);
      return row && { room: row.room, by: { id: row.id, username: row.username } };
    },
  };
}

function invitationOf({ room, title, userId, username, role, byId, byName, at }: InvitationRow): Invitation {
  return {
    room,
    title,
    user: { id: userId, username },
    role,
    by: { id: byId, username: byName },
    at: at.toISOString(),
  };
}
