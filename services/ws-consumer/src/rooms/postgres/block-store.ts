import { shardOf } from "@parley/protocol/rooms";
import type { Database } from "@parley/runtime/postgres";
import type { Block, BlockStore } from "../blocks.ts";
import { quotaText, type RoomQuotas } from "../rules/quotas.ts";
import { RoomError } from "../rules/rights.ts";

/** Blocks in a list. */
const LIST_MAX = 1_000;

/**
 * Clauses that write the changed right of `$2` in the direct chat of `changed` to the outbox. The relay reads what it is by
 * then; the room is locked first, so that the ids of its rows are in the order of its changes.
 */
const EFFECTS = `
, room as (
  select r.id from chat.rooms r where r.id in (select room from changed) and r.deleted_at is null for update
), sent as (
  insert into chat.outbox (shard, room, member, role)
  select $3::smallint, m.room, m.user_id, m.role from chat.members m join room on room.id = m.room where m.user_id = $2
  returning id, room
), kept as (
  update chat.members m set changed = sent.id from sent where m.room = sent.room and m.user_id = $2
)`;

/** A block ends the invitations that its user has from the blocked one. */
const ADD = `
with quota as (
  select not exists (select from chat.blocks where user_id = $1 and blocked_id = $2) and (
    select count(*) from (select from chat.blocks where user_id = $1 limit $6::int) as counted
  ) >= $6::int as "isOver"
), changed as (
  insert into chat.blocks (user_id, blocked_id, blocked_username, room)
  select $1, $2, $5, $4 from quota where not "isOver"
  on conflict (user_id, blocked_id) do update set blocked_username = excluded.blocked_username
  returning room, at
)${EFFECTS}, uninvited as (
  delete from chat.invitations where user_id = $1 and invited_by = $2
)
select "isOver", (select at from changed), (select id from sent) as version from quota`;

const REMOVE = `
with changed as (
  delete from chat.blocks where user_id = $1 and blocked_id = $2 and room = $4 returning room
)${EFFECTS}
select (select id from sent) as version`;

const LIST = `
select blocked_id as id, blocked_username as username, at from chat.blocks
where user_id = $1 order by at desc, blocked_id limit ${LIST_MAX}`;
/** Ids are joined by commas, which no id contains. */
const BLOCKERS = `
select user_id as id from chat.blocks where blocked_id = $1 and user_id = any(string_to_array($2, ','))`;

type AddRow = { isOver: boolean; at: Date | null; version: number | null };
type BlockRow = { id: string; username: string; at: Date };

/** Creates the store of blocks. */
export function createBlockStore(database: Database, shards: number, quotas: RoomQuotas): BlockStore {
  return {
    async add(userId, blocked, room) {
      const direct = [userId, blocked.id, shardOf(room, shards), room];
      const params = [...direct, blocked.username, quotas.BLOCKS_PER_USER];
      const [row] = await database.query<AddRow>(ADD, params);
      if (!row?.at) throw new RoomError("quota_exceeded", quotaText("BLOCKS_PER_USER", quotas));
      return { user: blocked, at: row.at.toISOString(), version: row.version ?? undefined };
    },
    async remove(userId, blockedId, room) {
      const params = [userId, blockedId, shardOf(room, shards), room];
      const [row] = await database.query<{ version: number | null }>(REMOVE, params);
      return { version: row?.version ?? undefined };
    },
    async list(userId) {
      const rows = await database.query<BlockRow>(LIST, [userId]);
      return rows.map(({ at, ...user }): Block => ({ user, at: at.toISOString() }));
    },
    async blockersOf(userId, ids) {
      const rows = await database.query<{ id: string }>(BLOCKERS, [userId, ids.join()]);
      return rows.map(({ id }) => id);
    },
  };
}
