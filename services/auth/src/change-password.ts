import type { Database } from "@parley/runtime/postgres";
import { AuthError } from "./auth-error.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { acceptPassword, normalizePassword } from "./password.ts";
import type { Announce, Revocation } from "./revocations.ts";
import type { Users } from "./users.ts";
import type { Caller } from "./verify-token.ts";

type ChangePasswordRequest = Readonly<{ oldPassword: string; newPassword: string; address: string }>;

/**
 * Changes the caller's password and ends all other sessions; answers how many.
 *
 * @throws {AuthError} `bad_frame` if the new one breaks a rule, `wrong_password`, `rate_limited`, `unavailable`.
 */
export type ChangePassword = (caller: Caller, request: ChangePasswordRequest) => Promise<number>;

/** What changing a password works with. */
type ChangePasswordParts = Readonly<{
  users: Users;
  passwords: Passwords;
  hasher: Hasher;
  limits: Limits;
  announce: Announce;
}>;

/** Makes the use case. */
export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { users, passwords, hasher, limits, announce } = parts;
  return async ({ user, sessionId }, { oldPassword, newPassword, address }) => {
    const accepted = acceptPassword(newPassword, user.username, "/newPassword");
    await limits.awaitTurn(user.username, address);
    const found = await users.findByName(user.username);
    const { matches } = await hasher.verify(normalizePassword(oldPassword), found?.passwordHash);
    if (!found || !matches) {
      await limits.countFailure(user.username, address);
      throw new AuthError("wrong_password", "the old password is wrong", { path: "/oldPassword" });
    }
    const fresh = await hasher.hash(accepted);
    const changed = await passwords.change(user.id, found.passwordEpoch, fresh, sessionId);
    if (!changed) throw new AuthError("wrong_password", "the password was just changed elsewhere");
    announce(changed.ended);
    const late = await passwords.endOlder(user.id, changed.epoch);
    announce(late);
    return changed.ended.length + late.length;
  };
}

/** Passwords of accounts in Postgres. Each write is one statement. */
interface Passwords {
  /**
   * Stores a new hash if the password is still the one of `epoch`, and ends all sessions but this one. Undefined if
   * the password was changed meanwhile.
   */
  change(
    userId: string,
    epoch: number,
    hash: string,
    sessionId: string,
  ): Promise<{ epoch: number; ended: Revocation[] } | undefined>;
  /**
   * Marks as revoked what a login with the old password opened while the statement of `change` ran. Their epoch has
   * closed them already; this tells those who hold sockets. May be said again.
   */
  endOlder(userId: string, epoch: number): Promise<Revocation[]>;
}

/** Keeps passwords in the schema `auth`. */
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
         ), ended as (
           update auth.sessions s set revoked_at = now(), revoked_why = 'password' from changed
           where s.user_id = changed.id and s.id <> $4 and s.revoked_at is null and s.expires_at > now()
           returning s.id, s.revoked_at
         )
         select changed.password_epoch as epoch, ended.id, ended.revoked_at as at
         from changed left join ended on true`,
        [userId, epoch, hash, sessionId],
      );
      if (!rows[0]) return undefined;
      const ended = rows.flatMap(({ id, at }) =>
        id === null ? [] : [{ sessionId: id, userId, at: at.getTime() }],
      );
      return { epoch: rows[0].epoch, ended };
    },
    async endOlder(userId, epoch) {
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
