import type { Database } from "@parley/runtime/postgres";
import type { Static } from "typebox";
import type { AccountExported } from "./http-schemas.ts";

/** Everything that auth stores about an account, but secrets: times in RFC 3339. */
type AccountExport = Static<typeof AccountExported>["data"];

/** Returns the data of an account by its id. @throws {AuthError} `unavailable`. */
export type ExportAccount = (userId: string) => Promise<AccountExport>;

/** SQL: a time in RFC 3339, in UTC. */
const time = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const EXPORT = `
  select json_build_object(
    'user', json_build_object(
      'id', id, 'username', username, 'displayName', display_name,
      'createdAt', ${time("created_at")}, 'updatedAt', ${time("updated_at")}),
    'sessions', (
      select coalesce(json_agg(json_build_object(
        'id', s.id, 'device', s.device, 'createdAt', ${time("s.created_at")}, 'lastUsedAt', ${time("s.last_used_at")},
        'expiresAt', ${time("s.expires_at")}, 'revokedAt', ${time("s.revoked_at")}, 'revokedWhy', s.revoked_why
      ) order by s.created_at desc), '[]')
      from (select * from auth.sessions where user_id = u.id order by created_at desc limit 1000) s),
    'knownAddresses', (
      select coalesce(json_agg(json_build_object(
        'hash', encode(k.address_hash, 'hex'), 'usedAt', ${time("k.used_at")}) order by k.used_at desc), '[]')
      from auth.known_addresses k where k.user_id = u.id)
  ) as account
  from auth.users u where id = $1`;

export function createExportAccount(database: Database): ExportAccount {
  return async (userId) => {
    const [row] = await database.query<{ account: AccountExport }>(EXPORT, [userId]);
    return (row as { account: AccountExport }).account;
  };
}
