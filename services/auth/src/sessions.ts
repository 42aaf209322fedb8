import { createBatchLoader } from "@parley/runtime/batch-loader";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./revocations.ts";
import type { User } from "./users.ts";

const DEVICE_LENGTH_MAX = 200;
/** Sessions that a list shows. */
const LIST_MAX = 200;
/** Sessions that are looked up in one statement. */
const LOOKUP_MAX = 1_000;

/** When session `s` of user `u` is open: not revoked, not expired, and of the present password. */
export const IS_OPEN =
  "(s.revoked_at is null and s.expires_at > now() and s.password_epoch = u.password_epoch)";
/** So many days from now, as SQL. */
export const DAYS_AHEAD = (param: string) => `now() + make_interval(days => ${param})`;

/** A session that is open now, and whose it is. */
type LiveSession = Readonly<{ sessionId: string; user: User }>;

/** A session as its user sees it in the list. */
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
   * Opens a session with its first refresh token, unless the password was changed after `passwordEpoch` was read:
   * then it answers undefined.
   */
  open(
    userId: string,
    passwordEpoch: number,
    device: string,
    refreshHash: string,
  ): Promise<string | undefined>;
  /** The session if it is open at this moment. */
  findLive(sessionId: string): Promise<LiveSession | "revoked" | undefined>;
  list(userId: string): Promise<ListedSession[]>;
  /** Ends an open session of this user; undefined if there is none with this id. */
  revoke(sessionId: string, userId: string): Promise<Revocation | undefined>;
  /** The session to which a refresh token belongs or belonged. */
  findByRefreshToken(tokenHash: string): Promise<{ sessionId: string; userId: string } | undefined>;
}

/** What a session is called in lists: printable, at most DEVICE_LENGTH_MAX characters. */
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
type Found = LiveSession | "revoked" | undefined;

const FIND = `
  select s.id as "sessionId", u.id, u.username, u.display_name as "displayName",
         ${IS_OPEN} as "isOpen", s.expires_at <= now() as "isOver"
  from auth.sessions s join auth.users u on u.id = s.user_id where s.id = any(string_to_array($1, ',')::uuid[])`;

function judge({ sessionId, isOpen, isOver, id, username, displayName }: SessionRow): Found {
  if (isOver) return undefined;
  return isOpen ? { sessionId, user: { id, username, displayName } } : "revoked";
}

/** Looks up many sessions in one statement; ids have no comma. */
async function findSessions(database: Database, ids: readonly string[]): Promise<Map<string, Found>> {
  const rows = await database.query<SessionRow>(FIND, [ids.join()]);
  return new Map(rows.map((row) => [row.sessionId, judge(row)]));
}

/** Keeps sessions in the schema `auth`; one that is not used for `sessionDays` days ends. */
export function createSessions(database: Database, sessionDays: number): Sessions {
  return {
    async open(userId, passwordEpoch, device, refreshHash) {
      const params = [userId, passwordEpoch, acceptDevice(device), sessionDays, refreshHash];
      const [session] = await database.query<{ id: string }>(OPEN, params);
      return session?.id;
    },
    findLive: createBatchLoader((ids: readonly string[]) => findSessions(database, ids), LOOKUP_MAX),
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
