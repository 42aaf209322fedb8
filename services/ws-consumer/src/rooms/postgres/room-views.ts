import { kindOf } from "@parley/protocol/rooms";
import { createBatchLoader } from "@parley/runtime/batch-loader";
import type { Database } from "@parley/runtime/postgres";
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from "../../postgres/message-row.ts";
import type { FindStanding, WhoMayRead } from "../access.ts";
import type { MembersPlace, MemberView, RoomsPlace, RoomView, RoomViews } from "../read-rooms.ts";
import type { Role, RoomKind, Standing } from "../rules/rights.ts";

/** Unread messages that are counted per room. */
const UNREAD_MAX = 1_000;
/** Standings per statement, and the shortest time between two. */
const STANDINGS_BATCH = { keysMax: 1_000, intervalMs: 20 } as const;

/** In ms, as in JSON, so that a page's sort key compares equal when the client sends it back. */
const ACTIVE = "date_trunc('milliseconds', coalesce(r.last_message_at, r.created_at))";

const UNREAD = (room: string, readSeq: string) => `(
    select count(*)::int from (
      select from chat.entries u
      where u.room = ${room} and u.seq > ${readSeq} and u.type = 'message' and u.deleted_at is null
        and u.author_id <> $1
      limit ${UNREAD_MAX}
    ) as counted
  )`;

const viewStatement = (from: string) => `
with chosen as (
  select r.id as room, r.kind, r.title, r.head, r.created_by, r.created_at, r.last_message, ${ACTIVE} as active_at,
    m.role, m.read_seq, coalesce(m.is_muted, false) as is_muted, coalesce(m.is_pinned, false) as is_pinned
  ${from}
)
select c.room, c.kind, c.title, c.head, c.created_by as "createdBy", c.created_at as "createdAt",
  c.active_at as "activeAt", c.role, coalesce(c.read_seq, 0) as "readSeq", c.is_muted as "isMuted",
  c.is_pinned as "isPinned", o.user_id as "otherId", o.username as "otherName",
  case when c.role is null then 0 else ${UNREAD("c.room", "c.read_seq")} end as unread, ${MESSAGE_COLUMNS("e")}
from chosen c
left join chat.entries e on e.room = c.room and e.seq = c.last_message
left join lateral (
  select user_id, username from chat.members m where c.kind = 'direct' and m.room = c.room and m.user_id <> $1 limit 1
) as o on true
order by c.is_pinned desc, c.active_at desc, c.room desc`;

const PLACE = (pinned: string) =>
  `($3::boolean is null or (${pinned}, ${ACTIVE}, r.id) < ($3::boolean, $4::timestamptz, $5))`;
const INBOX = viewStatement(`from chat.members m join chat.rooms r on r.id = m.room
  where m.user_id = $1 and r.deleted_at is null and ${PLACE("m.is_pinned")}
  order by m.is_pinned desc, active_at desc, r.id desc limit $2`);
const CHANNELS = viewStatement(`from chat.rooms r left join chat.members m on m.room = r.id and m.user_id = $1
  where r.kind = 'channel' and r.deleted_at is null and ${PLACE("coalesce(m.is_pinned, false)")}
  order by coalesce(m.is_pinned, false) desc, active_at desc, r.id desc limit $2`);
const ROOM = viewStatement(`from chat.rooms r left join chat.members m on m.room = r.id and m.user_id = $1
  where r.id = $2 and r.deleted_at is null`);

const JOINED = "date_trunc('milliseconds', joined_at)";
const MEMBER = `select user_id as id, username, role, ${JOINED} as "joinedAt", read_seq as "readSeq" from chat.members`;
const MEMBERS = `${MEMBER}
where room = $1 and ($3::timestamptz is null or (${JOINED}, user_id) > ($3::timestamptz, $4))
order by ${JOINED}, user_id limit $2`;
const UNREADS = `
select m.room, m.read_seq as "readSeq", ${UNREAD("m.room", "m.read_seq")} as unread
from chat.members m join chat.rooms r on r.id = m.room
where m.user_id = $1 and r.deleted_at is null and r.head > m.read_seq`;
/** Ids are joined by commas and spaces, which neither users' ids nor rooms contain. */
const STANDINGS = `
select a.user_id || ' ' || r.id as key, r.deleted_at is not null as "isGone",
  coalesce(m.role, 'outsider') as standing
from unnest(string_to_array($1, ','), string_to_array($2, ',')) as a (user_id, room)
join chat.rooms r on r.id = a.room left join chat.members m on m.room = r.id and m.user_id = a.user_id`;
const READERS = `
select m.user_id as id from chat.members m join chat.rooms r on r.id = m.room and r.deleted_at is null
where m.room = $1 and m.user_id = any(string_to_array($2, ','))`;
const IS_GONE = "select 1 from chat.rooms where id = $1 and deleted_at is not null";

type ViewRow = Omit<MessageRow, "seq"> & {
  room: string;
  kind: RoomKind;
  title: string | null;
  head: number;
  createdBy: string | null;
  createdAt: Date;
  activeAt: Date;
  role: Role | null;
  readSeq: number;
  isMuted: boolean;
  isPinned: boolean;
  otherId: string | null;
  otherName: string | null;
  unread: number;
  seq: number | null;
};
type MemberRow = { id: string; username: string; role: Role; joinedAt: Date; readSeq: number };
type StandingRow = { key: string; standing: Standing; isGone: boolean };
type UnreadRow = { room: string; unread: number; readSeq: number };

/** Creates the reader of rooms as users see them; each list is one statement. */
export function createRoomViews(database: Database): RoomViews {
  const list = async (text: string, userId: string, limit: number, place?: RoomsPlace) => {
    const params = [userId, limit, place?.isPinned ?? null, place?.activeAt ?? null, place?.id ?? null];
    return (await database.query<ViewRow>(text, params)).map(roomOf);
  };
  return {
    inbox: (userId, limit, place) => list(INBOX, userId, limit, place),
    channels: (userId, limit, place) => list(CHANNELS, userId, limit, place),
    async room(userId, room) {
      const [row] = await database.query<ViewRow>(ROOM, [userId, room]);
      return row && roomOf(row);
    },
    async members(room, limit, place?: MembersPlace) {
      const params = [room, limit, place?.joinedAt ?? null, place?.id ?? null];
      return (await database.query<MemberRow>(MEMBERS, params)).map(memberOf);
    },
    async member(room, userId) {
      const [row] = await database.query<MemberRow>(`${MEMBER} where room = $1 and user_id = $2`, [
        room,
        userId,
      ]);
      return row && memberOf(row);
    },
    async unread(userId) {
      const rows = await database.query<UnreadRow>(UNREADS, [userId]);
      return rows.filter(({ unread }) => unread > 0);
    },
  };
}

/** Creates the look-up of what users are in rooms; concurrent calls share a statement. */
export function createFindStanding(database: Database): FindStanding {
  const find = createBatchLoader(async (keys: readonly string[]) => {
    const pairs = keys.map((key) => key.split(" "));
    const columns = [0, 1].map((i) => pairs.map((pair) => pair[i]).join());
    const rows = await database.query<StandingRow>(STANDINGS, columns);
    return new Map(rows.map(({ key, ...found }) => [key, found]));
  }, STANDINGS_BATCH);
  return (userId, room) => find(`${userId} ${room}`);
}

/** Creates the check of listeners: members of a private room, and everyone in a channel that is not deleted. */
export function createWhoMayRead(database: Database): WhoMayRead {
  return async (room, userIds) => {
    if (kindOf(room) === "channel")
      return new Set((await database.query(IS_GONE, [room])).length === 0 ? userIds : []);
    const rows = await database.query<{ id: string }>(READERS, [room, userIds.join()]);
    return new Set(rows.map(({ id }) => id));
  };
}

function roomOf(row: ViewRow): RoomView {
  const { room, kind, title, head, createdBy, role, readSeq, isMuted, isPinned, unread, seq } = row;
  return {
    id: room,
    kind,
    title,
    role,
    head,
    createdBy,
    createdAt: row.createdAt.toISOString(),
    activeAt: row.activeAt.toISOString(),
    lastMessage: seq === null ? null : messageOf(room, { ...row, seq }),
    readSeq,
    unread,
    isMuted,
    isPinned,
    with: row.otherId === null ? null : { id: row.otherId, username: row.otherName ?? "" },
  };
}

function memberOf({ id, username, role, joinedAt, readSeq }: MemberRow): MemberView {
  return { user: { id, username }, role, joinedAt: joinedAt.toISOString(), readSeq };
}
