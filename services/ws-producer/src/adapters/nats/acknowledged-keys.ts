/** Characters of a key (`messageKey`): 144 bits of SHA-256, so another entry's key is never taken for it. */
export const KEY_LENGTH = 24;

/**
 * Keys of entries that the log has acknowledged lately. One that is not here may be in the log all the same: of two keys
 * that fall on the same place the later one is kept.
 */
export class AcknowledgedKeys {
  /** Bytes and not strings: the garbage collector need not look at them. */
  readonly #slots: Buffer;
  readonly #mask: number;

  /** @param slots keys that are remembered at most, a power of two up to 65,536 */
  constructor(slots: number) {
    this.#slots = Buffer.alloc(slots * KEY_LENGTH);
    this.#mask = slots - 1;
  }

  add(key: string): void {
    if (key.length === KEY_LENGTH) this.#slots.write(key, this.#placeOf(key), KEY_LENGTH, "latin1");
  }

  has(key: string): boolean {
    const place = this.#placeOf(key);
    return this.#slots.toString("latin1", place, place + KEY_LENGTH) === key;
  }

  clear(): void {
    this.#slots.fill(0);
  }

  /** FNV-1a of its beginning, which is as random as the whole. */
  #placeOf(key: string): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < 6; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return ((hash ^ (hash >>> 16)) & this.#mask) * KEY_LENGTH;
  }
}
