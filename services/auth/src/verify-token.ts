import { AuthError } from "./auth-error.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./token.ts";
import type { User } from "./users.ts";

/** Whose a token is, and until when it holds. */
export type Caller = Readonly<{ user: User; sessionId: string; expiresAt: Date }>;

/**
 * Says whose an access token is. The session is looked up each time, so that a revocation holds at once.
 *
 * @throws {AuthError} `unauthenticated` if it is no valid token or its session is over, `session_revoked` if the
 * session was revoked, `unavailable` if Postgres does not answer.
 */
export type VerifyToken = (token: string) => Promise<Caller>;

/** Makes the use case. */
export function createVerifyToken(tokens: Tokens, sessions: Sessions): VerifyToken {
  return async (token) => {
    const claims = await tokens.read(token);
    const session = await sessions.findLive(claims.sessionId);
    if (session === "revoked") throw new AuthError("session_revoked", "the session was revoked");
    if (!session || session.user.id !== claims.userId)
      throw new AuthError("unauthenticated", "the session is over");
    return { user: session.user, sessionId: claims.sessionId, expiresAt: claims.expiresAt };
  };
}
