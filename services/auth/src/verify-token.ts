import { isServiceToken, type Scope } from "@parley/identity/service-token";
import { AuthError } from "./auth-error.ts";
import { hashToken } from "./refresh-token.ts";
import type { Role } from "./roles.ts";
import type { FoundToken, ServiceTokens } from "./service-tokens.ts";
import type { FoundSession, Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";
import type { User } from "./users.ts";

/** Tokens in one call of `VerifyTokens`. */
const TOKENS_MAX = 100;

/** The user and session of a token, and when the token expires, or a service token must be verified again. */
export type Caller = Readonly<{
  user: User;
  sessionId: string;
  expiresAt: Date;
  role: Role;
  /** What a service token opens; undefined for a person's access token. */
  scopes?: readonly Scope[];
}>;

/**
 * Returns whose an access token or service token is. It looks the session up each time, so that a revocation takes effect at once.
 *
 * @throws {AuthError} `unauthenticated` if the token is not valid or its session has expired, `session_revoked` if the
 * session was revoked, `unavailable` if Postgres does not answer.
 */
export type VerifyToken = (token: string) => Promise<Caller>;

/**
 * Returns whose tokens are, or why each is not valid, in their order; the sessions are looked up together.
 *
 * @throws {AuthError} `bad_frame` for more than `TOKENS_MAX` tokens, `unavailable` if Postgres does not answer.
 */
export type VerifyTokens = (tokens: readonly string[]) => Promise<(Caller | AuthError)[]>;

type Claims = Awaited<ReturnType<Tokens["verify"]>>;

const revoked = () => new AuthError("session_revoked", "the session was revoked");

/** The caller of a session that is open, else why it is not. */
function admit(claims: Claims, session: FoundSession): Caller | AuthError {
  if (session === "revoked") return revoked();
  if (!session || session.user.id !== claims.userId)
    return new AuthError("unauthenticated", "the session has expired");
  const { user, role } = session;
  return { user, sessionId: claims.sessionId, expiresAt: claims.expiresAt, role };
}

/** The caller of a service token that is open, else why it is not. */
function admitService(found: FoundToken): Caller | AuthError {
  if (found === "revoked") return revoked();
  if (!found) return new AuthError("unauthenticated", "the service token is not valid");
  return { ...found, role: "user" };
}

export function createVerifyToken(
  tokens: Tokens,
  sessions: Sessions,
  serviceTokens: ServiceTokens,
): VerifyToken {
  const callerOf = async (token: string): Promise<Caller | AuthError> => {
    if (isServiceToken(token)) return admitService(await serviceTokens.find(hashToken(token)));
    const claims = await tokens.verify(token);
    return admit(claims, await sessions.findLive(claims.sessionId));
  };
  return async (token) => {
    const caller = await callerOf(token);
    if (caller instanceof AuthError) throw caller;
    return caller;
  };
}

export function createVerifyTokens(
  tokens: Tokens,
  sessions: Sessions,
  serviceTokens: ServiceTokens,
): VerifyTokens {
  /** The claims of an access token, the hash of a service token, or why it is neither. */
  const read = async (token: string): Promise<Claims | string | AuthError> => {
    if (isServiceToken(token)) return hashToken(token);
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
    const all = await Promise.all(given.map(read));
    const hashes = all.filter((one) => typeof one === "string");
    const ids = all.flatMap((one) =>
      one instanceof AuthError || typeof one === "string" ? [] : [one.sessionId],
    );
    const [found, services] = await Promise.all([
      ids.length === 0 ? new Map<string, FoundSession>() : sessions.findAll(ids),
      hashes.length === 0 ? new Map<string, FoundToken>() : serviceTokens.findAll(hashes),
    ]);
    return all.map((one) => {
      if (one instanceof AuthError) return one;
      return typeof one === "string" ? admitService(services.get(one)) : admit(one, found.get(one.sessionId));
    });
  };
}

/** Whose token a request brought, on routes with `security`. */
export const callerOf = ({ caller }: Readonly<{ caller: unknown }>): Caller => caller as Caller;
