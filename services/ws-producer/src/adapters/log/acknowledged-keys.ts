import { KEY_LENGTH } from "@parley/protocol/log";

/**
 * Keys that share a place. Of the newest quarter of what fits, one in 100,000 is forgotten; of the newest half, one in
 * 100 (a Poisson distribution's tail). With one key to a place it would be one in 5.
 */
const WAYS = 16;

/**
 * Keys of entries that the log has acknowledged lately; of those that share a place the oldest is forgotten first. So one
 * that is not here may be in the log all the same. Bytes and not strings: the garbage collector need not look at them.
 */
export class AcknowledgedKeys {
  readonly #keys: Buffer;
  /** What is compared first, by slot; 0: none. */
  readonly #tags: Uint32Array;
  /** The way that is written next, by place. */
  readonly #next: Uint8Array;

  /** @param slots keys that are remembered at most, a power of two from 16 to 1,048,576 */
  constructor(slots: number) {
    this.#keys = Buffer.alloc(slots * KEY_LENGTH);
    this.#tags = new Uint32Array(slots);
    this.#next = new Uint8Array(slots / WAYS);
  }

  add(key: string): void {
    if (key.length !== KEY_LENGTH) return;
    const place = hash(key, 0) & (this.#next.length - 1);
    const way = this.#next[place] ?? 0;
    this.#next[place] = (way + 1) % WAYS;
    const slot = place * WAYS + way;
    this.#tags[slot] = tagOf(key);
    this.#keys.write(key, slot * KEY_LENGTH, KEY_LENGTH, "latin1");
  }

  has(key: string): boolean {
    const tag = tagOf(key);
    const first = (hash(key, 0) & (this.#next.length - 1)) * WAYS;
    for (let slot = first; slot < first + WAYS; slot += 1)
      if (this.#tags[slot] === tag && this.#keyAt(slot) === key) return true;
    return false;
  }

  clear(): void {
    this.#tags.fill(0);
  }

  #keyAt(slot: number): string {
    return this.#keys.toString("latin1", slot * KEY_LENGTH, (slot + 1) * KEY_LENGTH);
  }
}

const tagOf = (key: string) => hash(key, 8) || 1;

/** FNV-1a of eight characters, which are as random as the whole; the upper half is mixed into the lower. */
function hash(key: string, from: number): number {
  let value = 0x811c9dc5;
  for (let i = from; i < from + 8; i += 1) value = Math.imul(value ^ key.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
