import { AuthError } from "./auth-error.ts";
import { createRetryKey, hashToken, isRefreshToken, successorOf } from "./refresh-token.ts";
import type { RefreshTokens } from "./refresh-tokens.ts";
import type { Announce } from "./revocations.ts";
import { TOKEN_SECONDS, type Tokens } from "./token.ts";
import type { User } from "./users.ts";

/** What a login and a refresh give. */
export type TokenPair = Readonly<{
  token: string;
  refreshToken: string;
  expiresInSeconds: number;
  user: User;
}>;

/**
 * Exchanges a refresh token for a new pair. The same token again within 10 s, while its successor is unused, gets the
 * same successor; any other second use revokes the session.
 *
 * @throws {AuthError} `unauthenticated` if it is not one of ours or its session is over, `session_revoked` if it was
 * used before or its session is revoked, `unavailable`.
 */
export type Refresh = (refreshToken: string) => Promise<TokenPair>;

/** Makes the use case. */
export function createRefresh(refreshTokens: RefreshTokens, tokens: Tokens, announce: Announce): Refresh {
  return async (refreshToken) => {
    if (!isRefreshToken(refreshToken))
      throw new AuthError("unauthenticated", "this is not a refresh token of ours");
    const retryKey = createRetryKey();
    const successor = successorOf(refreshToken, retryKey);
    const exchange = await refreshTokens.exchange(hashToken(refreshToken), hashToken(successor), retryKey);
    switch (exchange.outcome) {
      case "unknown":
        throw new AuthError("unauthenticated", "this is not a refresh token of ours");
      case "revoked":
        throw new AuthError("session_revoked", "the session is over");
      case "reused":
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
