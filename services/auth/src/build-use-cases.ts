import type { Database } from "@parley/runtime/postgres";
import { createChangePassword, createPasswords } from "./change-password.ts";
import type { AuthConfig } from "./config.ts";
import type { Hasher } from "./hasher.ts";
import { createLimits, createNoLimits } from "./limits.ts";
import { createLogin } from "./login.ts";
import { createLogout } from "./logout.ts";
import { createListSessions, createRevokeSession, createUpdateProfile } from "./own-account.ts";
import { createRefresh } from "./refresh.ts";
import { createRefreshTokens } from "./refresh-tokens.ts";
import { createRegister } from "./register.ts";
import { type Announce, createListRevocations } from "./revocations.ts";
import { createSessions } from "./sessions.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { createTokens } from "./token.ts";
import { createGetUsers, type UseCases } from "./use-cases.ts";
import { createUsers } from "./users.ts";
import { createVerifyToken } from "./verify-token.ts";

/** The opened things that the use cases work with. */
type Parts = Readonly<{
  database: Database;
  keys: SigningKeys;
  hasher: Hasher;
  announce: Announce;
}>;

/** Wires all use cases. */
export function buildUseCases(config: AuthConfig, { database, keys, hasher, announce }: Parts): UseCases {
  const users = createUsers(database);
  const sessions = createSessions(database, config.AUTH_SESSION_DAYS);
  const refreshTokens = createRefreshTokens(database, config.AUTH_SESSION_DAYS);
  const tokens = createTokens(keys, config.AUTH_ISSUER, config.AUTH_AUDIENCE);
  const limits = config.RATE_LIMITS === "on" ? createLimits() : createNoLimits();
  const passwords = createPasswords(database);
  return {
    register: createRegister(users, hasher, limits),
    login: createLogin({ users, sessions, tokens, hasher, limits }),
    refresh: createRefresh(refreshTokens, tokens, announce),
    logout: createLogout(sessions, tokens, announce),
    verifyToken: createVerifyToken(tokens, sessions),
    updateProfile: createUpdateProfile(users),
    changePassword: createChangePassword({ users, passwords, hasher, limits, announce }),
    listSessions: createListSessions(sessions),
    revokeSession: createRevokeSession(sessions, announce),
    listRevocations: createListRevocations(database),
    getUsers: createGetUsers(users),
    getJwks: () => keys.jwks(),
  };
}
