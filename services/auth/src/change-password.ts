import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { acceptPassword, normalizePassword } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
import type { Users } from "./users.ts";
import type { Caller } from "./verify-token.ts";

type ChangePasswordRequest = Readonly<{ oldPassword: string; newPassword: string; address: string }>;

/**
 * Changes the caller's password and revokes all other sessions of the user. Returns how many those are.
 *
 * @throws {AuthError} `bad_frame` if the new password breaks a rule, `wrong_password` if the old one does not match,
 * `rate_limited`, `unavailable`.
 */
export type ChangePassword = (caller: Caller, request: ChangePasswordRequest) => Promise<number>;

type Dependencies = Readonly<{
  users: Users;
  passwords: Passwords;
  hasher: Hasher;
  limits: Limits;
  announce: AnnounceRevocations;
}>;

export function createChangePassword(dependencies: Dependencies): ChangePassword {
  const { users, passwords, hasher, limits, announce } = dependencies;
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
    if (!changed) throw new AuthError("wrong_password", "the password was changed by another request");
    announce(changed.revoked);
    const late = await passwords.revokeOlder(user.id, changed.epoch);
    announce(late);
    return changed.revoked.length + late.length;
  };
}
