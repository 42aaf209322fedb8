import type { Database } from "@parley/runtime/postgres";
import type { Outbox, PendingRow } from "../relay-outbox.ts";

const PENDING = `
select id, room, entry::text as entry, receipt, member, role, room_state as "roomState"
from chat.outbox where shard = any(string_to_array($1, ',')::smallint[]) order by id limit $2`;
const DELETE = `delete from chat.outbox where id = any(string_to_array($1, ',')::bigint[])`;

/** The outbox in Postgres. */
export function createOutbox(database: Database): Outbox {
  return {
    pending: (shards, max) => database.query<PendingRow>(PENDING, [shards.join(), max]),
    async delete(ids) {
      await database.query(DELETE, [ids.join()]);
    },
  };
}

/** A user's right to a room; without a user, the state of a channel or of a deleted room. */
type Right = { room: string; userId: string | null; state: string; version: number };

const RIGHTS = `
select room, user_id as "userId", role as state, changed as version from chat.members
union all
select id, null, case when deleted_at is null then 'open' else 'none' end, 0 from chat.rooms
where deleted_at is not null or kind = 'channel'`;

/** Reads all rights that producers need, to fill a new bucket. */
export function readRights(database: Database): Promise<Right[]> {
  return database.query<Right>(RIGHTS);
}
