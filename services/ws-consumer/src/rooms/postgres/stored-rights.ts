import type { Database } from "@parley/runtime/postgres";

/** A user's right to a room; without a user, the state of a channel or of a deleted room. */
type StoredRight = { room: string; userId: string | null; state: string; version: number };
type RoomRow = { room: string; state: string | null };

/** Rows per statement. */
const PAGE_MAX = 2_000;

const MEMBERS = `
select m.room, m.user_id as "userId", case when b.room is null then m.role else 'blocked' end as state,
  m.changed as version
from chat.members m left join chat.blocks b on b.room = m.room and b.blocked_id = m.user_id
where (m.room, m.user_id) > ($1, $2) order by m.room, m.user_id limit ${PAGE_MAX}`;

/** All rooms are paged through: a page of channels alone would scan any number of other rooms. */
const ROOMS = `
select id as room, case when deleted_at is not null then 'none' when kind = 'channel' then 'open' end as state
from chat.rooms where id > $1 order by id limit ${PAGE_MAX}`;

/**
 * The cluster, the installation, and the file of the table of members. Restoring a dump creates that file anew; so does
 * `vacuum full`, which then costs one unnecessary refill.
 */
const IDENTITY = `
select concat_ws('-', (select system_identifier from pg_control_system()),
  (select extract(epoch from created_at) from chat.installation), pg_relation_filenode('chat.members')) as identity`;

/** Identifies the database: another one after a backup was restored. */
export async function readIdentity(database: Database): Promise<string> {
  const [row] = await database.query<{ identity: string }>(IDENTITY);
  return row?.identity ?? "";
}

/** Reads all rights that producers need, page by page: a statement for all of them would miss its deadline. */
export async function* readRights(database: Database): AsyncGenerator<StoredRight[]> {
  let members = await database.query<StoredRight>(MEMBERS, ["", ""]);
  for (let last = members.at(-1); last; last = members.at(-1)) {
    yield members;
    members = await database.query<StoredRight>(MEMBERS, [last.room, last.userId]);
  }
  let rooms = await database.query<RoomRow>(ROOMS, [""]);
  for (let last = rooms.at(-1); last; last = rooms.at(-1)) {
    yield rooms.flatMap(({ room, state }) =>
      state === null ? [] : [{ room, userId: null, state, version: 0 }],
    );
    rooms = await database.query<RoomRow>(ROOMS, [last.room]);
  }
}
