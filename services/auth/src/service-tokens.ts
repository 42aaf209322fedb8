import type { Scope } from "@parley/identity/service-token";
import { createBatchLoader } from "@parley/runtime/batch-loader";
import type { Database } from "@parley/runtime/postgres";
import { type FoundSession, IS_OPEN, LOOKUP } from "./sessions.ts";
import { TOKEN_SECONDS } from "./tokens.ts";
import type { User } from "./users.ts";

/** The open session of a service token, "revoked" if it was revoked, undefined if it expired or does not exist. */
export type FoundToken =
  | Exclude<FoundSession, object>
  | Readonly<{ sessionId: string; user: User; expiresAt: Date; scopes: readonly Scope[] }>;

/** Service tokens in Postgres, by their hashes in hexadecimal. */
export interface ServiceTokens {
  /** The session of a token. Notes that it was used. Concurrent calls share a statement. */
  find(hash: string): Promise<FoundToken>;
  /** The same of many tokens by one statement. */
  findAll(hashes: readonly string[]): Promise<ReadonlyMap<string, FoundToken>>;
}

/** When a token was last used is written once a minute, and not waited for. */
const FIND = `
  with found as (
    select encode(s.token_hash, 'hex') as hash, s.id as "sessionId", ${IS_OPEN} and a.user_id is not null as "isOpen",
           s.expires_at <= now() as "isOver", least(s.expires_at, now() + interval '${TOKEN_SECONDS} s') as "expiresAt",
           u.id, u.username, u.display_name as "displayName", to_json(a.scopes) as scopes
    from auth.sessions s join auth.users u on u.id = s.user_id
      left join auth.service_accounts a on a.user_id = u.id
    where s.token_hash = any(string_to_array($1, ',')::bytea[])
  ), used as (
    update auth.sessions set last_used_at = now() where id in (
      select s.id from auth.sessions s join found f on f."sessionId" = s.id and f."isOpen"
      where s.last_used_at = s.created_at or s.last_used_at < now() - interval '1 minute'
      for update of s skip locked)
  )
  select * from found`;

type TokenRow = User &
  Readonly<{
    hash: string;
    sessionId: string;
    expiresAt: Date;
    scopes: Scope[];
    isOpen: boolean;
    isOver: boolean;
  }>;

function toFound({ isOver, isOpen, sessionId, expiresAt, scopes, ...row }: TokenRow): FoundToken {
  if (isOver) return undefined;
  const user = { id: row.id, username: row.username, displayName: row.displayName };
  return isOpen ? { sessionId, user, expiresAt, scopes } : "revoked";
}

/** Looks up service tokens in the schema `auth`. */
export function createServiceTokens(database: Database): ServiceTokens {
  const findAll = async (hashes: readonly string[]): Promise<Map<string, FoundToken>> => {
    const rows = await database.query<TokenRow>(FIND, [hashes.map((hash) => `\\x${hash}`).join()]);
    return new Map(rows.map((row) => [row.hash, toFound(row)]));
  };
  return { find: createBatchLoader(findAll, LOOKUP), findAll };
}
