import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { AuthServiceClient, VerifyTokenResponse } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import { TOKEN_LENGTH_MAX } from "@parley/protocol/limits";
import type { JSONWebKeySet } from "jose";
import type { Identity, VerifyToken } from "./identity.ts";
import { LocalVerifier, type TokenRules } from "./local-verifier.ts";

/** How long auth may take to answer, ms. */
const CALL_DEADLINE_MS = 2_000;
/** How long an answer is believed without asking again, ms. */
const CACHE_MS = 5_000;
/** After auth did not answer, tokens are verified here for so long before it is asked again, ms. */
const AWAY_MS = 1_000;
/** Answers that are remembered at once. */
const CACHE_ENTRIES_MAX = 20_000;

export type TokenVerifier = Readonly<{
  verify: VerifyToken;
  /** Forgets what is remembered of a session, or of all sessions of a user. */
  forget: (match: (identity: Identity) => boolean) => void;
  /** Resolves if tokens can be verified: auth answers, or was there lately. */
  check: () => Promise<void>;
  close: () => void;
}>;

function toIdentity(answer: VerifyTokenResponse): Identity {
  if (!answer.user || !answer.expiresAt) throw new Refusal("unavailable", "auth gave half an answer");
  return {
    userId: answer.user.id,
    username: answer.user.username,
    sessionId: answer.sessionId,
    expiresAt: answer.expiresAt.getTime(),
  };
}

/** Auth says that the token is nobody's; anything else says nothing of the token. */
const isRefused = (error: ServiceError): boolean =>
  error.code === status.UNAUTHENTICATED || error.code === status.INVALID_ARGUMENT;

/**
 * Verifies tokens through auth's `VerifyToken`. An answer is believed for `CACHE_MS`; the same token that is asked
 * for many times at once is one call. While auth does not answer, tokens are verified here with its public keys.
 */
export function createTokenVerifier(auth: AuthServiceClient, rules: TokenRules): TokenVerifier {
  const fetchJwks = () =>
    new Promise<JSONWebKeySet>((resolve, reject) => {
      auth.getJwks({}, new Metadata(), { deadline: Date.now() + CALL_DEADLINE_MS }, (error, answer) =>
        error ? reject(new Error("auth does not answer")) : resolve(JSON.parse(answer.jwksJson)),
      );
    });
  const local = new LocalVerifier(fetchJwks, rules);
  const known = new Map<string, { identity: Identity; until: number }>();
  const asking = new Map<string, Promise<Identity>>();

  let awayUntil = 0;

  const ask = (token: string) =>
    new Promise<Identity>((resolve, reject) => {
      if (performance.now() < awayUntil) return resolve(local.verify(token));
      const deadline = Date.now() + CALL_DEADLINE_MS;
      auth.verifyToken({ token }, new Metadata(), { deadline }, (error, answer) => {
        if (error && isRefused(error))
          return reject(new Refusal("unauthenticated", "the token is not valid"));
        if (error) {
          awayUntil = performance.now() + AWAY_MS;
          return resolve(local.verify(token));
        }
        try {
          local.heard();
          resolve(toIdentity(answer));
        } catch (refusal) {
          reject(refusal);
        }
      });
    });

  /** What is no longer believed is forgotten, or 20,000 answers would be kept for as long as nobody new comes. */
  const forgetOld = () => {
    const now = performance.now();
    for (const [token, { until }] of known) {
      if (until > now) return;
      known.delete(token);
    }
  };
  const forgetting = setInterval(forgetOld, CACHE_MS).unref();

  const verify = async (token: string): Promise<Identity> => {
    if (token.length > TOKEN_LENGTH_MAX) throw new Refusal("unauthenticated", "the token is not valid");
    const now = performance.now();
    const remembered = known.get(token);
    if (remembered && remembered.until > now && remembered.identity.expiresAt > Date.now())
      return remembered.identity;
    const underway = asking.get(token);
    if (underway !== undefined) return underway;
    const answer = ask(token).finally(() => asking.delete(token));
    asking.set(token, answer);
    const identity = await answer;
    if (known.size >= CACHE_ENTRIES_MAX) known.delete(known.keys().next().value as string);
    known.delete(token);
    known.set(token, { identity, until: performance.now() + CACHE_MS });
    return identity;
  };

  return {
    verify,
    forget: (match) => {
      for (const [token, { identity }] of known) if (match(identity)) known.delete(token);
    },
    check: async () => {
      if (!local.isAble) await local.refresh();
      if (!local.isAble) throw new Error("auth does not answer");
    },
    close: () => {
      clearInterval(forgetting);
      local.close();
      auth.close();
    },
  };
}
