import { AuthError } from "./auth-error.ts";
import type { ChangePassword } from "./change-password.ts";
import type { Login } from "./login.ts";
import type { Logout } from "./logout.ts";
import type { ListSessions, RevokeSession, UpdateProfile } from "./own-account.ts";
import type { Refresh } from "./refresh.ts";
import type { Register } from "./register.ts";
import type { ListRevocations } from "./revocations.ts";
import type { PublicKeys } from "./signing-keys.ts";
import { USERS_PER_QUESTION_MAX, type User, type Users } from "./users.ts";
import type { VerifyToken } from "./verify-token.ts";

/** What both faces, gRPC and HTTP, offer. */
export type UseCases = Readonly<{
  register: Register;
  login: Login;
  refresh: Refresh;
  logout: Logout;
  verifyToken: VerifyToken;
  updateProfile: UpdateProfile;
  changePassword: ChangePassword;
  listSessions: ListSessions;
  revokeSession: RevokeSession;
  listRevocations: ListRevocations;
  getUsers: GetUsers;
  getJwks: () => PublicKeys;
}>;

/** Users by id; ids that nobody has are left out. @throws {AuthError} `bad_frame` for more than 100 ids. */
type GetUsers = (ids: readonly string[]) => Promise<User[]>;

/** Makes the use case. */
export function createGetUsers(users: Users): GetUsers {
  return async (ids) => {
    if (ids.length > USERS_PER_QUESTION_MAX)
      throw new AuthError("bad_frame", `at most ${USERS_PER_QUESTION_MAX} ids at once`, { path: "/ids" });
    return await users.findByIds(ids);
  };
}
