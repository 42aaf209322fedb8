import type { Database } from "@parley/runtime/postgres";

/** When users were last online. */
interface LastSeen {
  /** Stores that these users were online until now. */
  note(userIds: readonly string[]): Promise<void>;
  /** Reads when a user was last online; null if that is not known. */
  of(userId: string): Promise<Date | null>;
}

const NOTE = `
insert into chat.last_seen (user_id, at)
select user_id, now() from unnest(string_to_array($1, ',')) as user_id
on conflict (user_id) do update set at = excluded.at`;

/** Creates the store of when users were last online. */
export function createLastSeen(database: Database): LastSeen {
  return {
    async note(userIds) {
      await database.query(NOTE, [userIds.join()]);
    },
    async of(userId) {
      const [row] = await database.query<{ at: Date }>("select at from chat.last_seen where user_id = $1", [
        userId,
      ]);
      return row?.at ?? null;
    },
  };
}
