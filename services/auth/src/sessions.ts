import { createBatchLoader } from "@parley/runtime/batch-loader";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import type { User } from "./users.ts";

const DEVICE_LENGTH_MAX = 200;
/** Sessions in one list. */
const LIST_MAX = 200;
/** Sessions looked up by one statement, and the shortest time between two. */
const LOOKUP = { keysMax: 1_000, intervalMs: 5 } as const;

/** SQL: session `s` of user `u` is open, that is not revoked, not expired, and of the current password. */
export const IS_OPEN =
  "(s.revoked_at is null and s.expires_at > now() and s.password_epoch = u.password_epoch)";
/** SQL: the time that is `param` days from now. */
export const DAYS_AHEAD = (param: string) => `now() + make_interval(days => ${param})`;

/** An open session and its user. */
type LiveSession = Readonly<{ sessionId: string; user: User }>;

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
   * Opens a session with its first refresh token and returns its id. Undefined if the password was changed since
   * `passwordEpoch` was read.
   */
  open(
    userId: string,
    passwordEpoch: number,
    device: string,
    refreshHash: string,
  ): Promise<string | undefined>;
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
    returning id
  ), first as (
    insert into auth.refresh_tokens (token_hash, session_id) select decode($5, 'hex'), id from opened
  )
  select id from opened`;

type SessionRow = User & { sessionId: string; isOpen: boolean; isOver: boolean };

const FIND = `
  select s.id as "sessionId", u.id, u.username, u.display_name as "displayName",
         ${IS_OPEN} as "isOpen", s.expires_at <= now() as "isOver"
  from auth.sessions s join auth.users u on u.id = s.user_id where s.id = any(string_to_array($1, ',')::uuid[])`;

function toFound({ sessionId, isOpen, isOver, id, username, displayName }: SessionRow): FoundSession {
  if (isOver) return undefined;
  return isOpen ? { sessionId, user: { id, username, displayName } } : "revoked";
}

/** Looks up sessions with one statement. An id is a UUID, so it has no comma. */
async function findSessions(database: Database, ids: readonly string[]): Promise<Map<string, FoundSession>> {
  const rows = await database.query<SessionRow>(FIND, [ids.join()]);
  return new Map(rows.map((row) => [row.sessionId, toFound(row)]));
}

/** Stores sessions in the schema `auth`. A session expires when it was not refreshed for `sessionDays` days. */
export function createSessions(database: Database, sessionDays: number): Sessions {
  const findAll = (ids: readonly string[]) => findSessions(database, ids);
  return {
    async open(userId, passwordEpoch, device, refreshHash) {
      const params = [userId, passwordEpoch, acceptDevice(device), sessionDays, refreshHash];
      const [session] = await database.query<{ id: string }>(OPEN, params);
      return session?.id;
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
