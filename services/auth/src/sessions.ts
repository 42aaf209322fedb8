import type { Database } from "@parley/runtime/postgres";
import type { User } from "./users.ts";

export const DEVICE_LENGTH_MAX = 200;

/** A session that is open now, and whose it is. */
export type LiveSession = Readonly<{ sessionId: string; user: User }>;

/** Sessions in Postgres. Each write is one statement. */
export interface Sessions {
  /**
   * Opens a session, unless the account's password hash is not `passwordHash` any more: then it answers undefined,
   * so that nobody slips in with a password that was changed while it was being checked.
   */
  open(userId: string, passwordHash: string, device: string): Promise<string | undefined>;
  /** The session if it is open at this moment: not revoked and not expired. */
  findLive(sessionId: string): Promise<LiveSession | "revoked" | undefined>;
}

/** What a session is called in lists: printable, at most DEVICE_LENGTH_MAX characters. */
export const acceptDevice = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, DEVICE_LENGTH_MAX);

/** Keeps sessions in the schema `auth`; one that is not used for `sessionDays` days ends. */
export function createSessions(database: Database, sessionDays: number): Sessions {
  return {
    async open(userId, passwordHash, device) {
      const [session] = await database.query<{ id: string }>(
        `insert into auth.sessions (user_id, device, expires_at)
         select id, $3, now() + make_interval(days => $4) from auth.users where id = $1 and password_hash = $2
         returning id`,
        [userId, passwordHash, acceptDevice(device), sessionDays],
      );
      return session?.id;
    },
    async findLive(sessionId) {
      const [row] = await database.query<User & { isRevoked: boolean; isOver: boolean }>(
        `select u.id, u.username, u.display_name as "displayName",
                s.revoked_at is not null as "isRevoked", s.expires_at <= now() as "isOver"
         from auth.sessions s join auth.users u on u.id = s.user_id where s.id = $1`,
        [sessionId],
      );
      if (!row || row.isOver) return undefined;
      if (row.isRevoked) return "revoked";
      return { sessionId, user: { id: row.id, username: row.username, displayName: row.displayName } };
    },
  };
}
