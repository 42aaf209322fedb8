import { Refusal } from "@parley/protocol/codes";
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import type { Identity } from "./identity.ts";

/** How long tokens are verified here without a word from auth, ms (decision on tokens in docs/decisions). */
const ALONE_MAX_MS = 10 * 60_000;
/** How often the keys are fetched while auth answers, ms. */
const REFRESH_MS = 60_000;
/** An unknown key id makes us fetch the keys again, but not more often than this, ms. */
const REFETCH_MS = 30_000;
/** While there are no keys at all they are fetched as often as this, ms. */
const FIRST_FETCH_MS = 1_000;
const ALGORITHM = "EdDSA";
const TOKEN_TYPE = "at+jwt";

export type TokenRules = Readonly<{ issuer: string; audience: string }>;

/** Fetches auth's public keys (RFC 7517). */
export type FetchJwks = () => Promise<JSONWebKeySet>;

const refused = () => new Refusal("unauthenticated", "the token is not valid");

/**
 * Verifies tokens with auth's public keys while auth itself does not answer. It cannot know of sessions that were
 * revoked meanwhile, so it does that for ten minutes at most.
 */
export class LocalVerifier {
  readonly #fetchJwks: FetchJwks;
  readonly #rules: TokenRules;
  readonly #timer: NodeJS.Timeout;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  /** When auth was heard last, and asked for keys last; monotonic, ms. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(fetchJwks: FetchJwks, rules: TokenRules) {
    this.#fetchJwks = fetchJwks;
    this.#rules = rules;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
    void this.refresh();
  }

  /** Auth has answered: the ten minutes begin anew. */
  heard(): void {
    this.#heardAt = performance.now();
    // It was away when we started; it may not stay until the next regular fetch.
    if (!this.#keys && this.#heardAt - this.#fetchedAt > FIRST_FETCH_MS) void this.refresh();
  }

  /** Whether it has keys, and auth was heard not too long ago. */
  get isAble(): boolean {
    return this.#keys !== undefined && performance.now() - this.#heardAt <= ALONE_MAX_MS;
  }

  /** Fetches the keys; keeps the old ones if auth does not answer. */
  async refresh(): Promise<void> {
    this.#fetchedAt = performance.now();
    try {
      this.#keys = createLocalJWKSet(await this.#fetchJwks());
      this.heard();
    } catch {
      // The keys that we have stay good: whoever calls verify is told how old they may be.
    }
  }

  /**
   * @throws {Refusal} `unauthenticated` if the token is not one of auth's; `unavailable` if that cannot be told,
   * because there are no keys or auth has been away too long.
   */
  async verify(token: string): Promise<Identity> {
    const keys = this.#keys;
    if (!keys || !this.isAble) {
      throw new Refusal("unavailable", "auth does not answer", { retryAfterMs: 1_000 });
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: [ALGORITHM],
        typ: TOKEN_TYPE,
        requiredClaims: ["sub", "sid", "exp", "username"],
        ...this.#rules,
      });
      const { sub, sid, exp, username } = payload;
      if (!sub || typeof sid !== "string" || typeof username !== "string" || exp === undefined)
        throw refused();
      return { userId: sub, username, sessionId: sid, expiresAt: exp * 1_000 };
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey && performance.now() - this.#fetchedAt > REFETCH_MS) {
        void this.refresh();
      }
      throw refused();
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
