import type { Database } from "@parley/runtime/postgres";
import type { Revocation } from "./announce-revocations.ts";

/** Password hashes in Postgres. Each write is one statement. */
export interface Passwords {
  /**
   * Stores a new hash and revokes all sessions but `sessionId`; `epoch` in the answer is the new password epoch.
   * Undefined if the password's epoch is not `epoch` any more because it was changed meanwhile.
   */
  change(
    userId: string,
    epoch: number,
    hash: string,
    sessionId: string,
  ): Promise<{ epoch: number; revoked: Revocation[] } | undefined>;
  /**
   * Revokes sessions that a login with the old password opened while the statement of `change` ran, so that they can
   * be announced. They are not open anyway, because their password epoch is older than `epoch`. Idempotent.
   */
  revokeOlder(userId: string, epoch: number): Promise<Revocation[]>;
}

/** Stores password hashes in the schema `auth`. */
export function createPasswords(database: Database): Passwords {
  return {
    async change(userId, epoch, hash, sessionId) {
      const rows = await database.query<{ epoch: number; id: string | null; at: Date }>(
        `with changed as (
           update auth.users set password_hash = $3, password_epoch = password_epoch + 1, updated_at = now()
           where id = $1 and password_epoch = $2 returning id, password_epoch
         ), kept as (
           update auth.sessions s set password_epoch = changed.password_epoch from changed
           where s.id = $4 and s.user_id = changed.id and s.revoked_at is null
         ), revoked as (
           update auth.sessions s set revoked_at = now(), revoked_why = 'password' from changed
           where s.user_id = changed.id and s.id <> $4 and s.revoked_at is null and s.expires_at > now()
           returning s.id, s.revoked_at
         )
         select changed.password_epoch as epoch, revoked.id, revoked.revoked_at as at
         from changed left join revoked on true`,
        [userId, epoch, hash, sessionId],
      );
      if (!rows[0]) return undefined;
      const revoked = rows.flatMap(({ id, at }) =>
        id === null ? [] : [{ sessionId: id, userId, at: at.getTime() }],
      );
      return { epoch: rows[0].epoch, revoked };
    },
    async revokeOlder(userId, epoch) {
      const rows = await database.query<{ sessionId: string; at: Date }>(
        `update auth.sessions set revoked_at = now(), revoked_why = 'password'
         where user_id = $1 and password_epoch < $2 and revoked_at is null and expires_at > now()
         returning id as "sessionId", revoked_at as at`,
        [userId, epoch],
      );
      return rows.map(({ sessionId, at }) => ({ sessionId, userId, at: at.getTime() }));
    },
  };
}
