import type { Database } from "@parley/runtime/postgres";
import type { Outbox, Waiting } from "../relay-outbox.ts";

const WAITING = `
select id, room, entry::text as entry, receipt, member, role, room_state as "roomState"
from chat.outbox where shard = any(string_to_array($1, ',')::smallint[]) order by id limit $2`;
const DONE = `delete from chat.outbox where id = any(string_to_array($1, ',')::bigint[])`;

/** The outbox in Postgres. */
export function createOutbox(database: Database): Outbox {
  return {
    waiting: (shards, max) => database.query<Waiting>(WAITING, [shards.join(), max]),
    async done(ids) {
      await database.query(DONE, [ids.join()]);
    },
  };
}

/** Someone's right to a room, or a room that is gone, as the producers shall know it. */
export type Right = { room: string; userId: string | null; state: string; version: number };

const RIGHTS = `
select room, user_id as "userId", role as state, changed as version from chat.members
union all
select id, null, case when deleted_at is null then 'open' else 'none' end, 0 from chat.rooms
where deleted_at is not null or kind = 'channel'`;

/** Everything that producers must know, for a bucket that was made anew. */
export function readRights(database: Database): Promise<Right[]> {
  return database.query<Right>(RIGHTS);
}
