import type { Database } from "@parley/runtime/postgres";
import type { Static } from "typebox";
import { rfc3339 } from "./database.ts";
import type { AccountExported } from "./http-schemas.ts";

/** Everything that auth stores about an account, but secrets: times in RFC 3339. */
type AccountExport = Static<typeof AccountExported>["data"];

/** Returns the data of an account by its id. @throws {AuthError} `unavailable`. */
export type ExportAccount = (userId: string) => Promise<AccountExport>;

const EXPORT = `
  select json_build_object(
    'user', json_strip_nulls(json_build_object(
      'id', id, 'username', username, 'displayName', display_name, 'externalId', external_id,
      'createdAt', ${rfc3339("created_at")}, 'updatedAt', ${rfc3339("updated_at")})),
    'sessions', (
      select coalesce(json_agg(json_build_object(
        'id', s.id, 'device', s.device, 'createdAt', ${rfc3339("s.created_at")}, 'lastUsedAt', ${rfc3339("s.last_used_at")},
        'expiresAt', ${rfc3339("s.expires_at")}, 'revokedAt', ${rfc3339("s.revoked_at")}, 'revokedWhy', s.revoked_why
      ) order by s.created_at desc), '[]')
      from (select * from auth.sessions where user_id = u.id order by created_at desc limit 1000) s),
    'knownAddresses', (
      select coalesce(json_agg(json_build_object(
        'hash', encode(k.address_hash, 'hex'), 'usedAt', ${rfc3339("k.used_at")}) order by k.used_at desc), '[]')
      from auth.known_addresses k where k.user_id = u.id)
  ) as account
  from auth.users u where id = $1`;

export function createExportAccount(database: Database): ExportAccount {
  return async (userId) => {
    const [row] = await database.query<{ account: AccountExport }>(EXPORT, [userId]);
    return (row as { account: AccountExport }).account;
  };
}
