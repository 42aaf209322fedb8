import type { Database } from "@parley/runtime/postgres";

/** When users were last online. */
interface LastSeen {
  /** Stores that these users were online until now. */
  note(userIds: readonly string[]): Promise<void>;
  /** Reads when users were last online; those of whom that is not known are left out. */
  of(userIds: readonly string[]): Promise<ReadonlyMap<string, Date>>;
}

const NOTE = `
insert into chat.last_seen (user_id, at)
select user_id, now() from unnest(string_to_array($1, ',')) as user_id
on conflict (user_id) do update set at = excluded.at`;

/** Ids are joined by commas, which no id contains. */
const OF = "select user_id as id, at from chat.last_seen where user_id = any(string_to_array($1, ','))";

/** Creates the store of when users were last online. */
export function createLastSeen(database: Database): LastSeen {
  return {
    async note(userIds) {
      await database.query(NOTE, [userIds.join()]);
    },
    async of(userIds) {
      const rows = await database.query<{ id: string; at: Date }>(OF, [userIds.join()]);
      return new Map(rows.map(({ id, at }) => [id, at]));
    },
  };
}
