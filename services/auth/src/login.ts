import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import { addressHash, type CheckPassword } from "./check-password.ts";
import type { Turn } from "./fair-queue.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { normalizePassword } from "./password-rules.ts";
import type { TokenPair } from "./refresh.ts";
import { createRefreshToken, hashToken } from "./refresh-token.ts";
import type { Sessions } from "./sessions.ts";
import { TOKEN_SECONDS, type Tokens } from "./tokens.ts";
import { type Account, isUsername, type Users } from "./users.ts";

type LoginRequest = Readonly<{
  username: string;
  password: string;
  /** The address that failed attempts are counted for. */
  address: string;
  /** The name of the session in lists, such as a user agent. */
  device: string;
}>;

/**
 * Opens a session; over the quota of sessions, the one that was used least recently is revoked. An unknown username takes the same work and gets the same answer as a wrong password.
 *
 * @throws {AuthError} `unauthenticated` if name or password is wrong, `rate_limited` after many failures or while too
 * many passwords are queued, `unavailable`.
 */
export type Login = (request: LoginRequest) => Promise<TokenPair>;

type Dependencies = Readonly<{
  checkPassword: CheckPassword;
  users: Users;
  sessions: Sessions;
  tokens: Tokens;
  hasher: Hasher;
  limits: Limits;
  announce: AnnounceRevocations;
}>;

const refused = () => new AuthError("unauthenticated", "the username or the password is wrong");

export function createLogin(dependencies: Dependencies): Login {
  const { checkPassword, users, sessions, tokens, hasher, limits, announce } = dependencies;
  return async ({ username, password, address, device }) => {
    // An invalid name takes the same work: it is looked up as "-", which is too short to be anybody's.
    const name = isUsername(username) ? username : "-";
    const match = await checkPassword({ username: name, password, address, hasSession: false });
    if (!match) throw refused();
    const { account, turn } = match;
    if (match.isStale) await rehash(account, password, { ...turn, isKnown: true });
    const refreshToken = createRefreshToken();
    const [opened] = await Promise.all([
      sessions.open(account, {
        device,
        refreshHash: hashToken(refreshToken),
        addressHash: addressHash(turn.account, turn.address),
      }),
      limits.countSuccess(turn.account, turn.address),
    ]);
    // The password was changed while it was verified.
    if (!opened) throw refused();
    announce(opened.revoked);
    const user = { id: account.id, username: account.username, displayName: account.displayName };
    const token = await tokens.sign(user, opened.sessionId);
    return { token, refreshToken, expiresInSeconds: TOKEN_SECONDS, user };
  };

  /** Replaces a hash that was made with other parameters than today's. */
  async function rehash(account: Account, password: string, turn: Turn): Promise<void> {
    const fresh = await hasher.hash(normalizePassword(password), turn);
    await users.replaceHash(account.id, account.passwordHash, fresh);
  }
}
