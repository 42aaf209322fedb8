import { AuthError } from "./auth-error.ts";
import { hashToken, isRefreshToken } from "./refresh-token.ts";
import type { Announce } from "./revocations.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./token.ts";

/**
 * Ends the session of an access token or, if that is empty or not valid any more, of a refresh token. Ending it
 * twice is no error.
 *
 * @throws {AuthError} `unauthenticated` if neither names a session, `unavailable`.
 */
export type Logout = (proof: Readonly<{ token: string; refreshToken: string }>) => Promise<void>;

/** Makes the use case. */
export function createLogout(sessions: Sessions, tokens: Tokens, announce: Announce): Logout {
  return async ({ token, refreshToken }) => {
    const session = await sessionOf(token, refreshToken);
    const revocation = await sessions.revoke(session.sessionId, session.userId);
    if (revocation) announce([revocation]);
  };

  async function sessionOf(token: string, refreshToken: string) {
    if (!isRefreshToken(refreshToken)) return await tokens.read(token);
    if (token !== "") {
      try {
        return await tokens.read(token);
      } catch (error) {
        if (!(error instanceof AuthError) || error.code !== "unauthenticated") throw error;
      }
    }
    const session = await sessions.findByRefreshToken(hashToken(refreshToken));
    if (!session) throw new AuthError("unauthenticated", "this is not a refresh token of ours");
    return session;
  }
}
