import { crashPoint } from "@parley/runtime/crash-point";
import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";
import { DAYS_AHEAD, IS_OPEN } from "./sessions.ts";
import type { User } from "./users.ts";

/** How long after its exchange a token gets the same successor again while that is unused: also with a lid closed. */
export const RETRY_INTERVAL = "interval '1 day'";

/** The outcome of an exchange. */
type Exchange =
  | Readonly<{ outcome: "rotated"; sessionId: string; user: User }>
  /** The token was exchanged less than `RETRY_INTERVAL` ago, its successor is unused, and `retryKey` gives it again. */
  | Readonly<{ outcome: "repeated"; sessionId: string; user: User; retryKey: string }>
  /** The token was exchanged before: its session is revoked, by this call (`revocation`) or earlier. */
  | Readonly<{ outcome: "reused"; revocation: Revocation | undefined }>
  | Readonly<{ outcome: "revoked" | "unknown" }>;

/** Refresh tokens in Postgres. Each write is one statement. */
export interface RefreshTokens {
  /**
   * Marks a token as exchanged and stores the hash of its successor; of concurrent calls with the same token, one does
   * so. A later use is a repetition, or a reuse, which revokes the session.
   */
  exchange(tokenHash: string, successorHash: string, retryKey: string): Promise<Exchange>;
}

type Row = User & { sessionId: string };
const userOf = ({ id, username, displayName }: User): User => ({ id, username, displayName });

const ROTATE = `
  with used as (
    update auth.refresh_tokens t set rotated_at = now(), retry_key = decode($2, 'hex')
    from auth.sessions s join auth.users u on u.id = s.user_id
    where t.token_hash = decode($1, 'hex') and t.rotated_at is null and s.id = t.session_id and ${IS_OPEN}
    returning t.session_id, t.token_hash, t.predecessor_hash, u.id, u.username, u.display_name
  ), successor as (
    insert into auth.refresh_tokens (token_hash, session_id, predecessor_hash)
    select decode($3, 'hex'), session_id, token_hash from used
  ), touched as (
    update auth.sessions s set last_used_at = now(), expires_at = ${DAYS_AHEAD("$4")}
    from used where s.id = used.session_id
  ), forgotten as (
    update auth.refresh_tokens t set retry_key = null from used where t.token_hash = used.predecessor_hash
  )
  select session_id as "sessionId", id, username, display_name as "displayName" from used`;

const FIND_OUTCOME = `
  with seen as (
    select s.id as session_id, s.user_id, u.username, u.display_name, ${IS_OPEN} as is_open, t.rotated_at,
           case when t.rotated_at > now() - ${RETRY_INTERVAL} then t.retry_key end as retry_key
    from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id join auth.users u on u.id = s.user_id
    where t.token_hash = decode($1, 'hex')
  ), ended as (
    update auth.sessions s set revoked_at = now(), revoked_why = 'reuse' from seen
    where s.id = seen.session_id and seen.is_open and seen.rotated_at is not null and seen.retry_key is null
      and s.revoked_at is null
    returning s.revoked_at
  )
  select session_id as "sessionId", user_id as id, username, display_name as "displayName", is_open as "isOpen",
         rotated_at is not null as "isRotated", encode(retry_key, 'hex') as "retryKey",
         (select revoked_at from ended) as "endedAt"
  from seen`;

type OutcomeRow = Row & {
  isOpen: boolean;
  isRotated: boolean;
  retryKey: string | null;
  endedAt: Date | null;
};

/** Stores refresh tokens in the schema `auth`. An exchange extends the session to `sessionDays` days from now. */
export function createRefreshTokens(database: Database, sessionDays: number): RefreshTokens {
  return {
    async exchange(tokenHash, successorHash, retryKey) {
      const [rotated] = await database.query<Row>(ROTATE, [tokenHash, retryKey, successorHash, sessionDays]);
      crashPoint("auth-after-refresh-write");
      if (rotated) return { outcome: "rotated", sessionId: rotated.sessionId, user: userOf(rotated) };
      const [seen] = await database.query<OutcomeRow>(FIND_OUTCOME, [tokenHash]);
      if (!seen) return { outcome: "unknown" };
      const { sessionId, isOpen, isRotated, retryKey: kept, endedAt } = seen;
      if (!isOpen || !isRotated) return { outcome: "revoked" };
      if (kept !== null) return { outcome: "repeated", sessionId, user: userOf(seen), retryKey: kept };
      const revocation = endedAt === null ? undefined : { sessionId, userId: seen.id, at: endedAt.getTime() };
      return { outcome: "reused", revocation };
    },
  };
}
