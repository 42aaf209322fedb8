import { Metadata } from "@grpc/grpc-js";
import type { AuthServiceClient, VerifiedToken } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import { createBatchLoader } from "@parley/runtime/batch-loader";
import { zeroed } from "@parley/runtime/histogram";
import { isAccessTokenForm, type TokenRules } from "./access-token.ts";
import type { Identity, VerifyToken } from "./identity.ts";
import { type Jwks, LocalVerifier } from "./local-verifier.ts";
import { RefusedTokens } from "./refused-tokens.ts";
import { isServiceToken } from "./service-token.ts";

/** Deadline of a call of auth, ms. */
const CALL_DEADLINE_MS = 2_000;
/** Shortest time between two calls, ms, and the most tokens in one (auth.proto). */
const BATCH_MS = 25;
const BATCH_TOKENS_MAX = 100;
/** How long an answer of auth is cached, ms. */
const CACHE_MS = 5_000;
/** Time after a failed call during which auth is not called and tokens are verified locally, ms. */
const BACKOFF_MS = 1_000;
/** Cached answers; the oldest goes first. */
const CACHE_ENTRIES_MAX = 20_000;

const ANSWERS = ["ok", "refused", "unavailable"] as const;
/** `form`: refused for its form alone; `cache`: an earlier answer; `local`: by auth's public keys. */
export type TokenCounts = Readonly<
  Record<"form" | "cache" | "auth" | "local", Record<(typeof ANSWERS)[number], number>>
>;

export type TokenVerifier = Readonly<{
  verify: VerifyToken;
  /** Removes matching identities from the cache. */
  forget: (match: (identity: Identity) => boolean) => void;
  /** Verifications by how the answer was found, and by the answer. */
  counts: TokenCounts;
  /** Rejects if tokens cannot be verified: auth does not answer and local verification is not possible either. */
  check: () => Promise<void>;
  close: () => void;
}>;

const refusal = () => new Refusal("unauthenticated", "the token is not valid");

function toIdentity({ user, sessionId, expiresAt, serviceToken }: VerifiedToken): Identity {
  if (!user || !expiresAt) throw new Error("auth sent an incomplete answer");
  const identity = { userId: user.id, username: user.username, sessionId, expiresAt: expiresAt.getTime() };
  return serviceToken ? { ...identity, scopes: serviceToken.scopes } : identity;
}

/** What auth says about tokens. @throws {Error} if it does not answer in time, or not as it should. */
function askAuth(auth: AuthServiceClient, tokens: readonly string[]): Promise<Map<string, Identity | null>> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + CALL_DEADLINE_MS;
    auth.verifyTokens({ tokens: [...tokens] }, new Metadata(), { deadline }, (error, answer) => {
      if (error) return reject(error);
      try {
        const identities = answer.tokens.map((each) => (each.code === "" ? toIdentity(each) : null));
        if (identities.length !== tokens.length) throw new Error("auth sent an incomplete answer");
        resolve(new Map(tokens.map((token, i) => [token, identities[i] as Identity | null])));
      } catch (incomplete) {
        reject(incomplete);
      }
    });
  });
}

const newCounts = (): TokenCounts => ({
  form: zeroed(ANSWERS),
  cache: zeroed(ANSWERS),
  auth: zeroed(ANSWERS),
  local: zeroed(ANSWERS),
});

async function verifyLocally(
  local: LocalVerifier,
  token: string,
  counts: TokenCounts["local"],
): Promise<Identity> {
  try {
    const identity = await local.verify(token);
    counts.ok += 1;
    return identity;
  } catch (error) {
    counts[error instanceof Refusal && error.code === "unavailable" ? "unavailable" : "refused"] += 1;
    throw error;
  }
}

/**
 * Verifies tokens by auth's `VerifyTokens`: those that are asked for within `BATCH_MS` are one call (docs/decisions/0020).
 * Answers are cached for `CACHE_MS`, and concurrent verifications of a token share one; a token that auth refused is
 * refused without a call for a minute. While auth does not answer, access tokens are verified locally with its public keys.
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

  const askTogether = createBatchLoader((tokens: readonly string[]) => askAuth(auth, tokens), {
    keysMax: BATCH_TOKENS_MAX,
    intervalMs: BATCH_MS,
  });

  let localUntil = 0;
  const counts = newCounts();

  const callAuth = async (token: string): Promise<Identity> => {
    if (performance.now() < localUntil) return verifyLocally(local, token, counts.local);
    let identity: Identity | null | undefined;
    try {
      identity = await askTogether(token);
    } catch {
      localUntil = performance.now() + BACKOFF_MS;
      counts.auth.unavailable += 1;
      return verifyLocally(local, token, counts.local);
    }
    local.noteAnswer();
    counts.auth[identity ? "ok" : "refused"] += 1;
    if (identity) return identity;
    refused.add(token, performance.now());
    throw refusal();
  };

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
    if (!isAccessTokenForm(token) && !isServiceToken(token)) {
      counts.form.refused += 1;
      throw refusal();
    }
    const now = performance.now();
    const cached = cache.get(token);
    if (cached && cached.until > now && cached.identity.expiresAt > Date.now()) {
      counts.cache.ok += 1;
      return cached.identity;
    }
    if (refused.has(token, now)) {
      counts.cache.refused += 1;
      throw refusal();
    }
    const inFlight = pending.get(token);
    if (inFlight !== undefined) return inFlight;
    const answer = callAuth(token);
    pending.set(token, answer);
    try {
      const identity = await answer;
      if (cache.size >= CACHE_ENTRIES_MAX) cache.delete(cache.keys().next().value as string);
      cache.delete(token);
      cache.set(token, { identity, until: performance.now() + CACHE_MS });
      return identity;
    } finally {
      pending.delete(token);
    }
  };

  return {
    verify,
    counts,
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
