import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";
import type { AnnounceRevocations } from "./announce-revocations.ts";
import { type ChangePassword, createChangePassword } from "./change-password.ts";
import { createCheckPassword } from "./check-password.ts";
import type { AuthConfig } from "./config.ts";
import { createDeleteAccount, type DeleteAccount } from "./delete-account.ts";
import { createExportAccount, type ExportAccount } from "./export-account.ts";
import { createGetUsers, type GetUsers } from "./get-users.ts";
import type { Hasher } from "./hasher.ts";
import { createIssueToken, type IssueToken } from "./issue-token.ts";
import { createLimits, createNoLimits } from "./limits.ts";
import { createListRevocations, type ListRevocations } from "./list-revocations.ts";
import { createListSessions, type ListSessions } from "./list-sessions.ts";
import { createLogin, type Login } from "./login.ts";
import { createLogout, type Logout } from "./logout.ts";
import { createLogoutAll, type LogoutAll } from "./logout-all.ts";
import { createManageServiceAccounts, type ManageServiceAccounts } from "./manage-service-accounts.ts";
import { createPasswords } from "./passwords.ts";
import { createRefresh, type Refresh } from "./refresh.ts";
import { createRefreshTokens } from "./refresh-tokens.ts";
import { createRegister, type Register } from "./register.ts";
import { createAdmitRegistration } from "./registration.ts";
import { createRevokeSession, type RevokeSession } from "./revoke-session.ts";
import { createServiceAccounts } from "./service-accounts.ts";
import { createServiceTokens } from "./service-tokens.ts";
import { createSessions } from "./sessions.ts";
import type { PublicKeys, SigningKeys } from "./signing-keys.ts";
import { createTokens } from "./tokens.ts";
import { createUpdateProfile, type UpdateProfile } from "./update-profile.ts";
import { createUsers, type Users } from "./users.ts";
import {
  createVerifyToken,
  createVerifyTokens,
  type VerifyToken,
  type VerifyTokens,
} from "./verify-token.ts";

/** Everything that auth does; gRPC and HTTP offer the same. */
export type UseCases = Readonly<{
  register: Register;
  login: Login;
  refresh: Refresh;
  logout: Logout;
  logoutAll: LogoutAll;
  deleteAccount: DeleteAccount;
  exportAccount: ExportAccount;
  findUsers: Users["findByPrefix"];
  verifyToken: VerifyToken;
  verifyTokens: VerifyTokens;
  updateProfile: UpdateProfile;
  changePassword: ChangePassword;
  listSessions: ListSessions;
  revokeSession: RevokeSession;
  listRevocations: ListRevocations;
  getUsers: GetUsers;
  getJwks: () => PublicKeys;
  serviceAccounts: ManageServiceAccounts;
  issueToken: IssueToken;
}>;

/** What the use cases need; whoever opened it closes it. */
type Resources = Readonly<{
  database: Database;
  keys: SigningKeys;
  hasher: Hasher;
  announce: AnnounceRevocations;
  log: Log;
}>;

/** Creates all use cases. */
export function createUseCases(config: AuthConfig, resources: Resources): UseCases {
  const { database, keys, hasher, announce, log } = resources;
  const users = createUsers(database);
  const sessions = createSessions(database, config.AUTH_SESSION_DAYS, config.SESSIONS_PER_USER_MAX);
  const refreshTokens = createRefreshTokens(database, config.AUTH_SESSION_DAYS);
  const tokens = createTokens(keys, config.AUTH_ISSUER, config.AUTH_AUDIENCE);
  const limits = config.RATE_LIMITS === "on" ? createLimits(database) : createNoLimits();
  const passwords = createPasswords(database);
  const checkPassword = createCheckPassword(users, hasher, limits);
  const accounts = createServiceAccounts(database, {
    accounts: config.SERVICE_ACCOUNTS_MAX,
    tokens: config.SERVICE_TOKENS_MAX,
  });
  const serviceTokens = createServiceTokens(database);
  const admit = createAdmitRegistration(database, config.REGISTRATION);
  const adminUsername = config.ADMIN_USERNAME;
  return {
    register: createRegister({ users, hasher, limits, admit, adminUsername, log }),
    login: createLogin({ checkPassword, users, sessions, tokens, hasher, limits, announce }),
    refresh: createRefresh(refreshTokens, tokens, announce),
    logout: createLogout(sessions, tokens, announce),
    logoutAll: createLogoutAll(sessions, announce),
    deleteAccount: createDeleteAccount(checkPassword, users, announce),
    exportAccount: createExportAccount(database),
    findUsers: users.findByPrefix,
    verifyToken: createVerifyToken(tokens, sessions, serviceTokens),
    verifyTokens: createVerifyTokens(tokens, sessions, serviceTokens),
    updateProfile: createUpdateProfile(users),
    changePassword: createChangePassword({ checkPassword, passwords, hasher, announce }),
    listSessions: createListSessions(sessions),
    revokeSession: createRevokeSession(sessions, announce),
    listRevocations: createListRevocations(database),
    getUsers: createGetUsers(users),
    getJwks: () => keys.jwks(),
    serviceAccounts: createManageServiceAccounts({ accounts, limits: config, announce, log }),
    issueToken: createIssueToken(database, tokens),
  };
}
