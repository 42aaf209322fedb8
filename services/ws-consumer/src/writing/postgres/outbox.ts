import type { Database } from "@parley/runtime/postgres";
import type { EventOutbox, PendingRow } from "../relay-outbox.ts";

/** Whether a member is blocked is read here: a change that did not see the block may have written the row. */
const PENDING = `
select o.id, o.room, o.entry::text as entry, o.receipt, o.member, o.room_state as "roomState",
  extract(epoch from now() - o.at)::float8 as waited,
  case when o.role <> 'none' and exists (select from chat.blocks b where b.room = o.room and b.blocked_id = o.member)
    then 'blocked' else o.role end as role
from chat.outbox o where o.shard = any(string_to_array($1, ',')::smallint[]) order by o.id limit $2`;
const DELETE = `delete from chat.outbox where id = any(string_to_array($1, ',')::bigint[])`;

/** The outbox in Postgres. */
export function createOutbox(database: Database): EventOutbox {
  return {
    pending: (shards, max) => database.query<PendingRow>(PENDING, [shards.join(), max]),
    async delete(ids) {
      await database.query(DELETE, [ids.join()]);
    },
  };
}
