import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import type { CheckPassword } from "./check-password.ts";
import type { Users } from "./users.ts";
import type { Caller } from "./verify-token.ts";

/**
 * Deletes the caller's account: its names, password, sessions and addresses. What it wrote stays, by an author whose name
 * is erased; nobody can register its username again.
 *
 * @throws {AuthError} `wrong_password`, `rate_limited`, `unavailable`.
 */
export type DeleteAccount = (
  caller: Caller,
  request: Readonly<{ password: string; address: string }>,
) => Promise<void>;

export function createDeleteAccount(
  checkPassword: CheckPassword,
  users: Users,
  announce: AnnounceRevocations,
): DeleteAccount {
  return async ({ user: { id, username } }, request) => {
    const match = await checkPassword({ username, ...request, hasSession: true });
    if (!match) throw new AuthError("wrong_password", "the password is wrong", { path: "/password" });
    announce(await users.erase(id));
  };
}
