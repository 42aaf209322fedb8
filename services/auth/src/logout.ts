import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import { hashToken, isRefreshToken } from "./refresh-token.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";

/**
 * Revokes the session of an access token or, if that is empty or not valid, of a refresh token. Idempotent.
 *
 * @throws {AuthError} `unauthenticated` if neither token belongs to a session, `unavailable`.
 */
export type Logout = (tokens: Readonly<{ token: string; refreshToken: string }>) => Promise<void>;

export function createLogout(sessions: Sessions, tokens: Tokens, announce: AnnounceRevocations): Logout {
  return async ({ token, refreshToken }) => {
    const session = await sessionOf(token, refreshToken);
    const revocation = await sessions.revoke(session.sessionId, session.userId);
    if (revocation) announce([revocation]);
  };

  async function sessionOf(token: string, refreshToken: string) {
    if (!isRefreshToken(refreshToken)) return await tokens.verify(token);
    if (token !== "") {
      try {
        return await tokens.verify(token);
      } catch (error) {
        if (!(error instanceof AuthError) || error.code !== "unauthenticated") throw error;
      }
    }
    const session = await sessions.findByRefreshToken(hashToken(refreshToken));
    if (!session) throw new AuthError("unauthenticated", "the refresh token is not valid");
    return session;
  }
}
