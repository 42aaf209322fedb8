import { AuthError } from "./auth-error.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { normalizePassword } from "./password.ts";
import type { TokenPair } from "./refresh.ts";
import { createRefreshToken, hashToken } from "./refresh-token.ts";
import type { Sessions } from "./sessions.ts";
import { TOKEN_SECONDS, type Tokens } from "./token.ts";
import { type Account, isUsername, type Users } from "./users.ts";
import { hasLostBytes } from "./weak-password.ts";

type LoginRequest = Readonly<{
  username: string;
  password: string;
  /** Whom failed attempts are counted against. */
  address: string;
  /** What the session is called in lists. */
  device: string;
}>;

/**
 * Opens a session. An unknown name costs the same work and gets the same answer as a wrong password.
 *
 * @throws {AuthError} `unauthenticated`, `rate_limited` after many failures or when too many passwords wait,
 * `unavailable`.
 */
export type Login = (request: LoginRequest) => Promise<TokenPair>;

/** What logging in works with. */
type LoginParts = Readonly<{
  users: Users;
  sessions: Sessions;
  tokens: Tokens;
  hasher: Hasher;
  limits: Limits;
}>;

const refused = () => new AuthError("unauthenticated", "the username or the password is wrong");

/** Makes the use case. */
export function createLogin({ users, sessions, tokens, hasher, limits }: LoginParts): Login {
  return async ({ username, password, address, device }) => {
    // A text that can be no name is looked up too, as a name that nobody can have: the same work.
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
    // The password was changed while this one was being checked.
    if (sessionId === undefined) throw refused();
    const user = { id: found.id, username: found.username, displayName: found.displayName };
    const token = await tokens.sign(user, sessionId);
    return { token, refreshToken, expiresInSeconds: TOKEN_SECONDS, user };
  };

  /** Replaces a hash that was made with other parameters, unless it is not the stored one any more. */
  async function rehash(account: Account, password: string): Promise<void> {
    const fresh = await hasher.hash(normalizePassword(password));
    await users.replaceHash(account.id, account.passwordHash, fresh);
  }
}
