import { AuthError } from "./auth-error.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { normalizePassword } from "./password-rules.ts";
import type { TokenPair } from "./refresh.ts";
import { createRefreshToken, hashToken } from "./refresh-token.ts";
import type { Sessions } from "./sessions.ts";
import { TOKEN_SECONDS, type Tokens } from "./tokens.ts";
import { type Account, isUsername, type Users } from "./users.ts";
import { hasLostBytes } from "./weak-password.ts";

type LoginRequest = Readonly<{
  username: string;
  password: string;
  /** The address that failed attempts are counted for. */
  address: string;
  /** The name of the session in lists, such as a user agent. */
  device: string;
}>;

/**
 * Opens a session. An unknown username takes the same work and gets the same answer as a wrong password.
 *
 * @throws {AuthError} `unauthenticated` if name or password is wrong, `rate_limited` after many failures or while too
 * many passwords are queued, `unavailable`.
 */
export type Login = (request: LoginRequest) => Promise<TokenPair>;

type Dependencies = Readonly<{
  users: Users;
  sessions: Sessions;
  tokens: Tokens;
  hasher: Hasher;
  limits: Limits;
}>;

const refused = () => new AuthError("unauthenticated", "the username or the password is wrong");

export function createLogin({ users, sessions, tokens, hasher, limits }: Dependencies): Login {
  return async ({ username, password, address, device }) => {
    // An invalid name takes the same work: it is looked up as "-", which is too short to be anybody's.
    const name = isUsername(username) ? username : "-";
    await limits.awaitTurn(name, address);
    await hasher.admit();
    const found = await users.findByName(name);
    const { matches, stale } = await hasher.verify(normalizePassword(password), found?.passwordHash);
    // A password in place of lost bytes lets nobody in, not even to an account that was made with one.
    if (!found || !matches || hasLostBytes(password)) {
      await limits.countFailure(name, address);
      throw refused();
    }
    await limits.forgive(name, address);
    if (stale) await rehash(found, password);
    const refreshToken = createRefreshToken();
    const sessionId = await sessions.open(found.id, found.passwordEpoch, device, hashToken(refreshToken));
    // The password was changed while it was verified.
    if (sessionId === undefined) throw refused();
    const user = { id: found.id, username: found.username, displayName: found.displayName };
    const token = await tokens.sign(user, sessionId);
    return { token, refreshToken, expiresInSeconds: TOKEN_SECONDS, user };
  };

  /** Replaces a hash that was made with other parameters than today's. */
  async function rehash(account: Account, password: string): Promise<void> {
    const fresh = await hasher.hash(normalizePassword(password));
    await users.replaceHash(account.id, account.passwordHash, fresh);
  }
}
