import type { JsonWebKey, KeyObject } from "node:crypto";
import { Refusal } from "@parley/protocol/codes";
import { InvalidTokenError, importPublicKey, type TokenRules, verifyAccessToken } from "./access-token.ts";
import type { Identity } from "./identity.ts";
import { isServiceToken } from "./service-token.ts";

/** Longest local verification without an answer from auth, ms (docs/decisions/0012-tokens.md). */
const OFFLINE_MAX_MS = 10 * 60_000;
/** Interval at which the keys are fetched, ms. */
const REFRESH_MS = 60_000;
/** Shortest interval of fetches because of an unknown key id, ms. */
const REFETCH_MS = 30_000;
/** Shortest interval of fetches while there are no keys at all, ms. */
const FIRST_FETCH_MS = 1_000;

/** A JSON Web Key Set (RFC 7517). */
export type Jwks = Readonly<{ keys: readonly (JsonWebKey & { kid: string })[] }>;

/** Fetches auth's public keys. */
type FetchJwks = () => Promise<Jwks>;

/**
 * Verifies tokens with auth's public keys while auth does not answer. It does not learn of revocations meanwhile, so it
 * stops after `OFFLINE_MAX_MS`.
 */
export class LocalVerifier {
  readonly #fetchJwks: FetchJwks;
  readonly #rules: TokenRules;
  readonly #timer: NodeJS.Timeout;
  #keys: ReadonlyMap<string, KeyObject> | undefined;
  /** When auth last answered, and when the keys were last requested; monotonic, ms. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(fetchJwks: FetchJwks, rules: TokenRules) {
    this.#fetchJwks = fetchJwks;
    this.#rules = rules;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
    void this.refresh();
  }

  /** Call when auth has answered: restarts the ten minutes. */
  noteAnswer(): void {
    this.#answeredAt = performance.now();
    // The first fetch failed: try again now, because auth may be gone before the next regular fetch.
    if (!this.#keys && this.#answeredAt - this.#fetchedAt > FIRST_FETCH_MS) void this.refresh();
  }

  /** Whether there are keys and the last answer of auth is recent enough. */
  get isUsable(): boolean {
    return this.#keys !== undefined && performance.now() - this.#answeredAt <= OFFLINE_MAX_MS;
  }

  /** Fetches the keys; keeps the old ones if auth does not answer. Never rejects. */
  async refresh(): Promise<void> {
    this.#fetchedAt = performance.now();
    try {
      const { keys } = await this.#fetchJwks();
      this.#keys = new Map(keys.map((jwk) => [jwk.kid, importPublicKey(jwk)]));
      this.noteAnswer();
    } catch {
      // Keep the old keys; `isUsable` bounds how long.
    }
  }

  /**
   * Verifies a token with the last keys.
   *
   * @throws {Refusal} `unauthenticated` if the token is not valid; `unavailable` if there are no keys, auth has not
   * answered for too long, or it is a service token, which only auth knows.
   */
  async verify(token: string): Promise<Identity> {
    const keys = this.#keys;
    if (!keys || !this.isUsable || isServiceToken(token)) {
      throw new Refusal("unavailable", "auth does not answer", { retryAfterMs: 1_000 });
    }
    try {
      const { expiresAt, ...claims } = await verifyAccessToken(token, (kid) => keys.get(kid), this.#rules);
      return { ...claims, expiresAt: expiresAt.getTime() };
    } catch (error) {
      if (!(error instanceof InvalidTokenError)) throw error;
      if (error.code === "unknown_key" && performance.now() - this.#fetchedAt > REFETCH_MS)
        void this.refresh();
      throw new Refusal("unauthenticated", "the token is not valid");
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
