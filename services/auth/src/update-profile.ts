import { AuthError } from "./auth-error.ts";
import { acceptDisplayName, type User, type Users } from "./users.ts";
import type { Caller } from "./verify-token.ts";

/**
 * Changes the caller's display name. Returns the changed user.
 *
 * @throws {AuthError} `bad_frame` if the name breaks a rule, `unavailable`.
 */
export type UpdateProfile = (caller: Caller, displayName: string) => Promise<User>;

export function createUpdateProfile(users: Users): UpdateProfile {
  return async (caller, displayName) => {
    const user = await users.rename(caller.user.id, acceptDisplayName(displayName));
    if (!user) throw new AuthError("unauthenticated", "the account does not exist any more");
    return user;
  };
}
