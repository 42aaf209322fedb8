import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { AuthServiceClient, VerifyTokenResponse } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import type { TokenRules } from "./access-token.ts";
import type { Identity, VerifyToken } from "./identity.ts";
import { type Jwks, LocalVerifier } from "./local-verifier.ts";
import { RefusedTokens } from "./refused-tokens.ts";

/** Deadline of a call of auth, ms. */
const CALL_DEADLINE_MS = 2_000;
/** How long an answer of auth is cached, ms. */
const CACHE_MS = 5_000;
/** Time after a failed call during which auth is not called and tokens are verified locally, ms. */
const BACKOFF_MS = 1_000;
/** Cached answers; the oldest goes first. */
const CACHE_ENTRIES_MAX = 20_000;

export type TokenVerifier = Readonly<{
  verify: VerifyToken;
  /** Removes matching identities from the cache. */
  forget: (match: (identity: Identity) => boolean) => void;
  /** Rejects if tokens cannot be verified: auth does not answer and local verification is not possible either. */
  check: () => Promise<void>;
  close: () => void;
}>;

function toIdentity(answer: VerifyTokenResponse): Identity {
  if (!answer.user || !answer.expiresAt) throw new Refusal("unavailable", "auth sent an incomplete answer");
  return {
    userId: answer.user.id,
    username: answer.user.username,
    sessionId: answer.sessionId,
    expiresAt: answer.expiresAt.getTime(),
  };
}

/** Whether auth refused the token; any other error is a failure of auth, not of the token. */
const isRefused = (error: ServiceError): boolean =>
  error.code === status.UNAUTHENTICATED || error.code === status.INVALID_ARGUMENT;

/**
 * Verifies tokens by auth's `VerifyToken`. Answers are cached for `CACHE_MS`, and concurrent calls with the same token
 * share one call of auth; a token that auth refused is refused without a call for a minute. While auth does not answer, tokens are verified locally with its public keys.
 */
export function createTokenVerifier(auth: AuthServiceClient, rules: TokenRules): TokenVerifier {
  const fetchJwks = () =>
    new Promise<Jwks>((resolve, reject) => {
      auth.getJwks({}, new Metadata(), { deadline: Date.now() + CALL_DEADLINE_MS }, (error, answer) =>
        error ? reject(new Error("auth does not answer")) : resolve(JSON.parse(answer.jwksJson)),
      );
    });
  const local = new LocalVerifier(fetchJwks, rules);
  const cache = new Map<string, { identity: Identity; until: number }>();
  const pending = new Map<string, Promise<Identity>>();
  const refused = new RefusedTokens();

  let localUntil = 0;

  const callAuth = (token: string) =>
    new Promise<Identity>((resolve, reject) => {
      if (performance.now() < localUntil) return resolve(local.verify(token));
      const deadline = Date.now() + CALL_DEADLINE_MS;
      auth.verifyToken({ token }, new Metadata(), { deadline }, (error, answer) => {
        if (error && isRefused(error)) {
          refused.add(token, performance.now());
          return reject(new Refusal("unauthenticated", "the token is not valid"));
        }
        if (error) {
          localUntil = performance.now() + BACKOFF_MS;
          return resolve(local.verify(token));
        }
        try {
          local.noteAnswer();
          resolve(toIdentity(answer));
        } catch (refusal) {
          reject(refusal);
        }
      });
    });

  /** Removes old answers, which would otherwise stay until new ones take their place. */
  const removeOld = () => {
    const now = performance.now();
    for (const [token, { until }] of cache) {
      if (until > now) return;
      cache.delete(token);
    }
  };
  const timer = setInterval(removeOld, CACHE_MS).unref();

  const verify = async (token: string): Promise<Identity> => {
    if (token.length > TOKEN_LENGTH_MAX) throw new Refusal("unauthenticated", "the token is not valid");
    const now = performance.now();
    const cached = cache.get(token);
    if (cached && cached.until > now && cached.identity.expiresAt > Date.now()) return cached.identity;
    if (refused.has(token, now)) throw new Refusal("unauthenticated", "the token is not valid");
    const inFlight = pending.get(token);
    if (inFlight !== undefined) return inFlight;
    const answer = callAuth(token).finally(() => pending.delete(token));
    pending.set(token, answer);
    const identity = await answer;
    if (cache.size >= CACHE_ENTRIES_MAX) cache.delete(cache.keys().next().value as string);
    cache.delete(token);
    cache.set(token, { identity, until: performance.now() + CACHE_MS });
    return identity;
  };

  return {
    verify,
    forget: (match) => {
      for (const [token, { identity }] of cache) if (match(identity)) cache.delete(token);
    },
    check: async () => {
      if (!local.isUsable) await local.refresh();
      if (!local.isUsable) throw new Error("auth does not answer");
    },
    close: () => {
      clearInterval(timer);
      local.close();
      auth.close();
    },
  };
}
