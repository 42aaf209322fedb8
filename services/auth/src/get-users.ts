import { AuthError } from "./auth-error.ts";
import type { FoundUser, Users } from "./users.ts";

/** Users in one request. */
const USER_IDS_MAX = 100;

/**
 * Returns users by id, deleted ones too; unknown ids are left out.
 *
 * @throws {AuthError} `bad_frame` for more than `USER_IDS_MAX` ids, `unavailable`.
 */
export type GetUsers = (ids: readonly string[]) => Promise<FoundUser[]>;

export function createGetUsers(users: Users): GetUsers {
  return async (ids) => {
    if (ids.length > USER_IDS_MAX)
      throw new AuthError("bad_frame", `at most ${USER_IDS_MAX} ids at once`, { path: "/ids" });
    return await users.findByIds(ids);
  };
}
