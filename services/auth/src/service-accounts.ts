import type { Scope } from "@parley/identity/service-token";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import { rfc3339 } from "./database.ts";
import { NAME_HASH, type User } from "./users.ts";

/** A token of a service account, as admins see it: times in RFC 3339, null for never. */
export type ServiceToken = Readonly<{
  id: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}>;

/** The account of a program; `id` and `name` are those of the user that it is. */
export type ServiceAccount = Readonly<{
  id: string;
  name: string;
  displayName: string;
  scopes: Scope[];
  createdAt: string;
  createdBy: Readonly<{ id: string; username: string }> | null;
  /** The open ones, newest first. */
  tokens: ServiceToken[];
}>;

/** `tokenHash`: of its first token, in hexadecimal; that ends after `days`, or never. */
type NewServiceAccount = Readonly<{
  name: string;
  displayName: string;
  scopes: readonly Scope[];
  createdBy: User;
  tokenHash: string;
  days: number | undefined;
}>;

type Limits = Readonly<{ accounts: number; tokens: number }>;

/** Service accounts and their tokens in Postgres. Each write is one statement. */
export interface ServiceAccounts {
  /** Adds an account with a token; or says why not. */
  add(account: NewServiceAccount): Promise<ServiceAccount | "over_quota" | "taken">;
  /** All accounts, newest first. */
  list(): Promise<ServiceAccount[]>;
  /** Removes an account and revokes its tokens; undefined if there is none with this id. */
  remove(id: string): Promise<Revocation[] | undefined>;
  /** Adds a token; undefined if there is no account with this id. */
  addToken(
    id: string,
    hash: string,
    days: number | undefined,
  ): Promise<ServiceToken | "over_quota" | undefined>;
  /** Revokes a token by its id; undefined if the account has no open one with it. */
  removeToken(id: string, tokenId: string): Promise<Revocation | undefined>;
}

/** SQL: when a token ends that is given `param` days, or none. */
const ENDS = (param: string) => `coalesce(now() + make_interval(days => ${param}::int), 'infinity')`;
/** SQL: session `s` is an open service token. */
const IS_TOKEN = "(s.token_hash is not null and s.revoked_at is null and s.expires_at > now())";
const DEVICE = "service token";

const TOKEN = {
  id: "s.id",
  createdAt: rfc3339("s.created_at"),
  expiresAt: rfc3339("nullif(s.expires_at, 'infinity')"),
  lastUsedAt: rfc3339("nullif(s.last_used_at, s.created_at)"),
};
const TOKEN_COLUMNS = Object.entries(TOKEN)
  .map(([name, column]) => `${column} as "${name}"`)
  .join();
const TOKEN_JSON = `json_build_object(${Object.entries(TOKEN).map(([name, column]) => `'${name}', ${column}`)})`;

const ADD = `
  with counted as (
    select count(*)::int as n from auth.service_accounts
  ), added as (
    insert into auth.users (username, display_name, password_hash)
    select $1, $2, '' from counted
    where n < $7::int and not exists (select from auth.users where erased_name_hash = ${NAME_HASH})
    on conflict (username_key) do nothing returning id
  ), account as (
    insert into auth.service_accounts (user_id, scopes, created_by)
    select id, string_to_array($3, ','), $4::uuid from added returning created_at
  ), s as (
    insert into auth.sessions (user_id, device, expires_at, token_hash)
    select id, '${DEVICE}', ${ENDS("$5")}, decode($6, 'hex') from added returning *
  )
  select added.id, n >= $7::int as "isOver", ${rfc3339("account.created_at")} as "createdAt", ${TOKEN_JSON} as token
  from counted left join added on true left join account on true left join s on true`;

const LIST = `
  select u.id, u.username as name, u.display_name as "displayName", to_json(a.scopes) as scopes,
         ${rfc3339("a.created_at")} as "createdAt",
         case when m.id is not null then json_build_object('id', m.id, 'username', m.username) end as "createdBy",
         (select coalesce(json_agg(${TOKEN_JSON} order by s.created_at desc, s.id), '[]')
          from auth.sessions s where s.user_id = u.id and ${IS_TOKEN}) as tokens
  from auth.service_accounts a join auth.users u on u.id = a.user_id left join auth.users m on m.id = a.created_by
  order by a.created_at desc, u.id`;

/** The user stays, as the author of what it wrote; its name is not found and not given again. */
const REMOVE = `
  with gone as (
    delete from auth.service_accounts where user_id = $1 returning user_id
  ), closed as (
    update auth.users u set deleted_at = now(), updated_at = now() from gone where u.id = gone.user_id
  ), ended as (
    update auth.sessions s set revoked_at = now(), revoked_why = 'deleted' from gone
    where s.user_id = gone.user_id and ${IS_TOKEN} returning s.id, s.revoked_at
  )
  select ended.id as "sessionId", ended.revoked_at as at from gone left join ended on true`;

const ADD_TOKEN = `
  with counted as (
    select a.user_id, (select count(*) from auth.sessions s where s.user_id = a.user_id and ${IS_TOKEN}) as n
    from auth.service_accounts a where a.user_id = $1
  ), s as (
    insert into auth.sessions (user_id, device, expires_at, token_hash)
    select user_id, '${DEVICE}', ${ENDS("$2")}, decode($3, 'hex') from counted where n < $4::int
    returning *
  )
  select ${TOKEN_COLUMNS} from counted left join s on true`;

const REMOVE_TOKEN = `
  update auth.sessions s set revoked_at = now(), revoked_why = 'revoked'
  where s.id = $2 and s.user_id = $1 and ${IS_TOKEN} returning s.revoked_at as at`;

type AddedRow = { id: string | null; isOver: boolean; createdAt: string; token: ServiceToken };

/** Stores service accounts in the schema `auth`; `limits` are how many there may be, and tokens of each. */
export function createServiceAccounts(database: Database, limits: Limits): ServiceAccounts {
  return {
    async add({ name, displayName, scopes, createdBy, days, tokenHash }) {
      const by = { id: createdBy.id, username: createdBy.username };
      const params = [name, displayName, scopes.join(), by.id, days ?? null, tokenHash, limits.accounts];
      const [row] = await database.query<AddedRow>(ADD, params);
      if (row?.isOver) return "over_quota";
      if (!row?.id) return "taken";
      const { id, createdAt, token } = row;
      return { id, name, displayName, scopes: [...scopes], createdAt, createdBy: by, tokens: [token] };
    },
    list: () => database.query<ServiceAccount>(LIST),
    async remove(userId) {
      const rows = await database.query<{ sessionId: string | null; at: Date }>(REMOVE, [userId]);
      if (rows.length === 0) return undefined;
      return rows.flatMap(({ sessionId, at }) =>
        sessionId === null ? [] : [{ sessionId, userId, at: at.getTime() }],
      );
    },
    async addToken(id, hash, days) {
      const [row] = await database.query<ServiceToken>(ADD_TOKEN, [id, days ?? null, hash, limits.tokens]);
      return row?.id === null ? "over_quota" : row;
    },
    async removeToken(userId, sessionId) {
      const [row] = await database.query<{ at: Date }>(REMOVE_TOKEN, [userId, sessionId]);
      return row && { sessionId, userId, at: row.at.getTime() };
    },
  };
}
