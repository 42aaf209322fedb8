/** Keys in one generation; two are kept. A key takes about 80 bytes. */
const GENERATION_MAX = 32_768;

/**
 * Keys that the log has acknowledged lately. It is a hint and no more: such a key goes to the log beside a batch and
 * not in it, because one duplicate refuses a whole batch. What a duplicate is, the log says, so a hint that no longer
 * holds (the stream was made anew) costs time and nothing else.
 */
export class RecentKeys {
  #young = new Set<string>();
  #old = new Set<string>();

  add(key: string): void {
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }
}
