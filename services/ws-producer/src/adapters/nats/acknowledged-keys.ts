/** Keys that are remembered at most, a power of two. */
const SLOTS = 65_536;
/** Characters of a key (`messageKey`): 144 bits of SHA-256, so another entry's key is never taken for it. */
const KEY_LENGTH = 24;

/**
 * Keys of entries that are known to be on the log's disk. An entry whose key is here is not appended again; one that
 * is not may be there all the same: of two keys that fall on the same place the later one is kept, and Postgres has
 * the last word.
 */
export class AcknowledgedKeys {
  /** Bytes and not strings: the garbage collector need not look at them. */
  readonly #slots = Buffer.alloc(SLOTS * KEY_LENGTH);

  add(key: string): void {
    if (key.length === KEY_LENGTH) this.#slots.write(key, placeOf(key), KEY_LENGTH, "latin1");
  }

  has(key: string): boolean {
    const place = placeOf(key);
    return this.#slots.toString("latin1", place, place + KEY_LENGTH) === key;
  }

  clear(): void {
    this.#slots.fill(0);
  }
}

/** FNV-1a of its beginning, which is as random as the whole. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < 6; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 16)) & (SLOTS - 1)) * KEY_LENGTH;
}
