import { createBatchLoader } from "@parley/runtime/batch-loader";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import type { Role } from "./roles.ts";
import type { Account, User } from "./users.ts";

const DEVICE_LENGTH_MAX = 200;
/** Addresses that are remembered for an account. */
const KNOWN_ADDRESSES_MAX = 20;
/** Sessions in one list. */
const LIST_MAX = 200;
/** Sessions looked up by one statement, and the shortest time between two. */
export const LOOKUP = { keysMax: 1_000, intervalMs: 20 } as const;

/** SQL: session `s` of user `u` is open, that is not revoked, not expired, and of the current password. */
export const IS_OPEN =
  "(s.revoked_at is null and s.expires_at > now() and s.password_epoch = u.password_epoch)";
/** SQL: the time that is `param` days from now. */
export const DAYS_AHEAD = (param: string) => `now() + make_interval(days => ${param})`;

/** An open session and its user. */
type LiveSession = Readonly<{ sessionId: string; user: User; role: Role }>;

/** `refreshHash`: of the first refresh token; `addressHash`: of where the account is entered from. */
type NewSession = Readonly<{ device: string; refreshHash: string; addressHash: string }>;
type Opened = Readonly<{ sessionId: string; revoked: Revocation[] }>;

/** A session that is open, "revoked" if it was revoked, undefined if it expired or does not exist. */
export type FoundSession = LiveSession | "revoked" | undefined;

/** A session as its user sees it. */
export type ListedSession = Readonly<{
  id: string;
  device: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}>;

/** Sessions in Postgres. Each write is one statement. */
export interface Sessions {
  /**
   * Opens a session with its first refresh token, remembers the address, and revokes the sessions over the quota, those
   * that were used least recently. Undefined if the password was changed since the account was read.
   */
  open(account: Account, login: NewSession): Promise<Opened | undefined>;
  /**
   * The session if it is open now, "revoked" if it was revoked, undefined if it expired or does not exist. Concurrent
   * calls share a statement (docs/decisions/0020-a-socket-is-cheap.md).
   */
  findLive(sessionId: string): Promise<FoundSession>;
  /** The same of many sessions by one statement. */
  findAll(sessionIds: readonly string[]): Promise<ReadonlyMap<string, FoundSession>>;
  list(userId: string): Promise<ListedSession[]>;
  /** Revokes an open session of this user; undefined if there is none with this id. */
  revoke(sessionId: string, userId: string): Promise<Revocation | undefined>;
  /** Revokes all open sessions of a user. */
  revokeAll(userId: string): Promise<Revocation[]>;
  /** The session that a refresh token belongs to, used or not. */
  findByRefreshToken(tokenHash: string): Promise<{ sessionId: string; userId: string } | undefined>;
}

/** A device name for lists: without control characters, at most `DEVICE_LENGTH_MAX` long. */
const acceptDevice = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, DEVICE_LENGTH_MAX)
    .toWellFormed();

const OPEN = `
  with opened as (
    insert into auth.sessions (user_id, device, expires_at, password_epoch)
    select id, $3, ${DAYS_AHEAD("$4")}, password_epoch from auth.users where id = $1 and password_epoch = $2
    returning id, user_id
  ), first as (
    insert into auth.refresh_tokens (token_hash, session_id) select decode($5, 'hex'), id from opened
  ), known as (
    insert into auth.known_addresses (user_id, address_hash) select user_id, decode($6, 'hex') from opened
    on conflict (user_id, address_hash) do update set used_at = now()
  ), forgotten as (
    delete from auth.known_addresses k using opened
    where k.user_id = opened.user_id and k.address_hash in (
      select address_hash from auth.known_addresses where user_id = $1 and address_hash <> decode($6, 'hex')
      order by used_at desc offset ${KNOWN_ADDRESSES_MAX - 1})
  ), revoked as (
    update auth.sessions s set revoked_at = now(), revoked_why = 'quota' from opened
    where s.id in (
      select id from auth.sessions
      where user_id = $1 and revoked_at is null and expires_at > now() and password_epoch = $2
      order by last_used_at desc, id offset $7::int - 1)
    returning s.id, s.revoked_at
  )
  select opened.id, revoked.id as "revokedId", revoked.revoked_at as at from opened left join revoked on true`;

type OpenRow = Readonly<{ id: string; revokedId: string | null; at: Date }>;

type SessionRow = User & { sessionId: string; role: Role; isOpen: boolean; isOver: boolean };

const FIND = `
  select s.id as "sessionId", u.id, u.username, u.display_name as "displayName", u.role,
         ${IS_OPEN} as "isOpen", s.expires_at <= now() as "isOver"
  from auth.sessions s join auth.users u on u.id = s.user_id where s.id = any(string_to_array($1, ',')::uuid[])`;

function toFound({ sessionId, role, isOpen, isOver, id, username, displayName }: SessionRow): FoundSession {
  if (isOver) return undefined;
  return isOpen ? { sessionId, user: { id, username, displayName }, role } : "revoked";
}

/** Looks up sessions with one statement. An id is a UUID, so it has no comma. */
async function findSessions(database: Database, ids: readonly string[]): Promise<Map<string, FoundSession>> {
  const rows = await database.query<SessionRow>(FIND, [ids.join()]);
  return new Map(rows.map((row) => [row.sessionId, toFound(row)]));
}

/**
 * Stores sessions in the schema `auth`. A session expires when it was not refreshed for `sessionDays` days; a user has at
 * most `sessionsMax`.
 */
export function createSessions(database: Database, sessionDays: number, sessionsMax: number): Sessions {
  const findAll = (ids: readonly string[]) => findSessions(database, ids);
  return {
    async open({ id: userId, passwordEpoch }, { device, refreshHash, addressHash }) {
      const rows = await database.query<OpenRow>(OPEN, [
        ...[userId, passwordEpoch, acceptDevice(device), sessionDays, refreshHash, addressHash, sessionsMax],
      ]);
      if (!rows[0]) return undefined;
      const revoked = rows.flatMap(({ revokedId, at }) =>
        revokedId === null ? [] : [{ sessionId: revokedId, userId, at: at.getTime() }],
      );
      return { sessionId: rows[0].id, revoked };
    },
    findLive: createBatchLoader(findAll, LOOKUP),
    findAll,
    list: (userId) =>
      database.query<ListedSession>(
        `select s.id, s.device, s.created_at as "createdAt", s.last_used_at as "lastUsedAt",
                s.expires_at as "expiresAt"
         from auth.sessions s join auth.users u on u.id = s.user_id
         where s.user_id = $1 and ${IS_OPEN} order by s.created_at desc, s.id limit ${LIST_MAX}`,
        [userId],
      ),
    async revoke(sessionId, userId) {
      const [row] = await database.query<{ at: Date }>(
        `update auth.sessions s set revoked_at = now(), revoked_why = 'revoked' from auth.users u
         where s.id = $1 and u.id = $2 and s.user_id = u.id and ${IS_OPEN} returning s.revoked_at as at`,
        [sessionId, userId],
      );
      return row && { sessionId, userId, at: row.at.getTime() };
    },
    async revokeAll(userId) {
      const rows = await database.query<{ sessionId: string; at: Date }>(
        `update auth.sessions s set revoked_at = now(), revoked_why = 'revoked' from auth.users u
         where u.id = $1 and s.user_id = u.id and ${IS_OPEN} returning s.id as "sessionId", s.revoked_at as at`,
        [userId],
      );
      return rows.map(({ sessionId, at }) => ({ sessionId, userId, at: at.getTime() }));
    },
    async findByRefreshToken(tokenHash) {
      const [row] = await database.query<{ sessionId: string; userId: string }>(
        `select s.id as "sessionId", s.user_id as "userId" from auth.refresh_tokens t
         join auth.sessions s on s.id = t.session_id where t.token_hash = decode($1, 'hex')`,
        [tokenHash],
      );
      return row;
    },
  };
}
