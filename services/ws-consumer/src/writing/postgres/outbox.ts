import type { Database } from "@parley/runtime/postgres";
import type { EventOutbox, PendingRow } from "../relay-outbox.ts";

const PENDING = `
select id, room, entry::text as entry, receipt, member, role, room_state as "roomState"
from chat.outbox where shard = any(string_to_array($1, ',')::smallint[]) order by id limit $2`;
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
