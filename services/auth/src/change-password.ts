import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import type { CheckPassword } from "./check-password.ts";
import type { Hasher } from "./hasher.ts";
import { acceptPassword } from "./password-rules.ts";
import type { Passwords } from "./passwords.ts";
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
  checkPassword: CheckPassword;
  passwords: Passwords;
  hasher: Hasher;
  announce: AnnounceRevocations;
}>;

export function createChangePassword(dependencies: Dependencies): ChangePassword {
  const { checkPassword, passwords, hasher, announce } = dependencies;
  return async ({ user, sessionId }, { oldPassword, newPassword, address }) => {
    const { username } = user;
    const accepted = acceptPassword(newPassword, username, "/newPassword");
    const match = await checkPassword({ username, password: oldPassword, address, hasSession: true });
    if (!match) throw new AuthError("wrong_password", "the old password is wrong", { path: "/oldPassword" });
    const fresh = await hasher.hash(accepted, match.turn);
    const changed = await passwords.change(user.id, match.account.passwordEpoch, fresh, sessionId);
    if (!changed) throw new AuthError("wrong_password", "the password was changed by another request");
    announce(changed.revoked);
    const late = await passwords.revokeOlder(user.id, changed.epoch);
    announce(late);
    return changed.revoked.length + late.length;
  };
}
