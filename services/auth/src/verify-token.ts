import { AuthError } from "./auth-error.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import type { User } from "./users.ts";

/** The user and session of an access token, and when the token expires. */
export type Caller = Readonly<{ user: User; sessionId: string; expiresAt: Date }>;

/**
 * Returns whose an access token is. It looks the session up each time, so that a revocation takes effect at once.
 *
 * @throws {AuthError} `unauthenticated` if the token is not valid or its session has expired, `session_revoked` if the
 * session was revoked, `unavailable` if Postgres does not answer.
 */
export type VerifyToken = (token: string) => Promise<Caller>;

export function createVerifyToken(tokens: Tokens, sessions: Sessions): VerifyToken {
  return async (token) => {
    const claims = await tokens.verify(token);
    const session = await sessions.findLive(claims.sessionId);
    if (session === "revoked") throw new AuthError("session_revoked", "the session was revoked");
    if (!session || session.user.id !== claims.userId)
      throw new AuthError("unauthenticated", "the session has expired");
    return { user: session.user, sessionId: claims.sessionId, expiresAt: claims.expiresAt };
  };
}
