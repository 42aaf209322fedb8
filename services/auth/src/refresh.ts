import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import { createRetryKey, hashToken, isRefreshToken, successorOf } from "./refresh-token.ts";
import type { RefreshTokens } from "./refresh-tokens.ts";
import { TOKEN_SECONDS, type Tokens } from "./tokens.ts";
import type { User } from "./users.ts";

/** The tokens that a login and a refresh return. */
export type TokenPair = Readonly<{
  token: string;
  refreshToken: string;
  expiresInSeconds: number;
  user: User;
}>;

/**
 * Exchanges a refresh token for a new pair. The same token gets the same successor again while that is unused, for a
 * day; any other second use revokes the session.
 *
 * @throws {AuthError} `unauthenticated` if the token is unknown, `session_revoked` if it was used before or its session
 * is not open any more, `unavailable`.
 */
export type Refresh = (refreshToken: string) => Promise<TokenPair>;

/** Refresh tokens that were used a second time, so that their sessions were revoked. */
export const refreshReuse = { count: 0 };

export function createRefresh(
  refreshTokens: RefreshTokens,
  tokens: Tokens,
  announce: AnnounceRevocations,
): Refresh {
  return async (refreshToken) => {
    if (!isRefreshToken(refreshToken))
      throw new AuthError("unauthenticated", "the refresh token is not valid");
    const retryKey = createRetryKey();
    const successor = successorOf(refreshToken, retryKey);
    const exchange = await refreshTokens.exchange(hashToken(refreshToken), hashToken(successor), retryKey);
    switch (exchange.outcome) {
      case "unknown":
        throw new AuthError("unauthenticated", "the refresh token is not valid");
      case "revoked":
        throw new AuthError("session_revoked", "the session is not open any more");
      case "reused":
        refreshReuse.count += 1;
        if (exchange.revocation) announce([exchange.revocation]);
        throw new AuthError("session_revoked", "this refresh token was used before; the session is revoked");
      case "rotated":
        return await pair(exchange, successor);
      case "repeated":
        return await pair(exchange, successorOf(refreshToken, exchange.retryKey));
    }
  };

  async function pair({ user, sessionId }: { user: User; sessionId: string }, next: string) {
    const token = await tokens.sign(user, sessionId);
    return { token, refreshToken: next, expiresInSeconds: TOKEN_SECONDS, user };
  }
}
