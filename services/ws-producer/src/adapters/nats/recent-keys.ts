/** Keys that are remembered at most, a power of two; each takes 4 bytes. */
const SLOTS = 65_536;

/**
 * Keys that the log has acknowledged lately. It is a hint and no more: such a key goes to the log beside a batch and
 * not in it, because one duplicate refuses a whole batch. What a duplicate is, the log says, so a hint that is wrong
 * costs time and nothing else: a key forgotten because another one took its place, one of 2^32 new keys taken for
 * known, a stream that was made anew.
 */
export class RecentKeys {
  /** What is left of the key that was last in a slot; 0: none. */
  readonly #slots = new Uint32Array(SLOTS);

  add(key: string): void {
    const [slot, rest] = hash(key);
    this.#slots[slot] = rest;
  }

  has(key: string): boolean {
    const [slot, rest] = hash(key);
    return this.#slots[slot] === rest;
  }
}

/** FNV-1a in two flavours: where the key goes, and what is left of it there. */
function hash(key: string): [slot: number, rest: number] {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < key.length; i += 1) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  return [(a ^ (a >>> 16)) & (SLOTS - 1), b >>> 0 || 1];
}
