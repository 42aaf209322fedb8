import { AuthError } from "./auth-error.ts";
import type { FoundSession, Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import type { User } from "./users.ts";

/** Tokens in one call of `VerifyTokens`. */
const TOKENS_MAX = 100;

/** The user and session of an access token, and when the token expires. */
export type Caller = Readonly<{ user: User; sessionId: string; expiresAt: Date }>;

/**
 * Returns whose an access token is. It looks the session up each time, so that a revocation takes effect at once.
 *
 * @throws {AuthError} `unauthenticated` if the token is not valid or its session has expired, `session_revoked` if the
 * session was revoked, `unavailable` if Postgres does not answer.
 */
export type VerifyToken = (token: string) => Promise<Caller>;

/**
 * Returns whose access tokens are, or why each is not valid, in their order; the sessions are looked up together.
 *
 * @throws {AuthError} `bad_frame` for more than `TOKENS_MAX` tokens, `unavailable` if Postgres does not answer.
 */
export type VerifyTokens = (tokens: readonly string[]) => Promise<(Caller | AuthError)[]>;

type Claims = Awaited<ReturnType<Tokens["verify"]>>;

/** The caller of a session that is open, else why it is not. */
function admit(claims: Claims, session: FoundSession): Caller | AuthError {
  if (session === "revoked") return new AuthError("session_revoked", "the session was revoked");
  if (!session || session.user.id !== claims.userId)
    return new AuthError("unauthenticated", "the session has expired");
  return { user: session.user, sessionId: claims.sessionId, expiresAt: claims.expiresAt };
}

export function createVerifyToken(tokens: Tokens, sessions: Sessions): VerifyToken {
  return async (token) => {
    const claims = await tokens.verify(token);
    const caller = admit(claims, await sessions.findLive(claims.sessionId));
    if (caller instanceof AuthError) throw caller;
    return caller;
  };
}

export function createVerifyTokens(tokens: Tokens, sessions: Sessions): VerifyTokens {
  const claimsOf = async (token: string): Promise<Claims | AuthError> => {
    try {
      return await tokens.verify(token);
    } catch (error) {
      if (error instanceof AuthError && error.code === "unauthenticated") return error;
      throw error;
    }
  };
  return async (given) => {
    if (given.length > TOKENS_MAX)
      throw new AuthError("bad_frame", `at most ${TOKENS_MAX} tokens at once`, { path: "/tokens" });
    const all = await Promise.all(given.map(claimsOf));
    const ids = all.flatMap((claims) => (claims instanceof AuthError ? [] : [claims.sessionId]));
    const found = ids.length === 0 ? new Map<string, FoundSession>() : await sessions.findAll(ids);
    return all.map((claims) =>
      claims instanceof AuthError ? claims : admit(claims, found.get(claims.sessionId)),
    );
  };
}

/** Whose token a request brought, on routes with `security`. */
export const callerOf = ({ caller }: Readonly<{ caller: unknown }>): Caller => caller as Caller;
