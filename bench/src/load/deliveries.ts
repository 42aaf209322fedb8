/** Counts what one receiver got against what was sent in its room. */
export class Deliveries {
  received = 0;
  duplicates = 0;
  reordered = 0;
  /** The last message of each sender, and earlier ones not yet received. */
  readonly #last = new Map<number, number>();
  readonly #holes = new Set<string>();

  /** Adds the n-th message of a sender (from 1); returns whether it is new. */
  add(sender: number, n: number): boolean {
    const last = this.#last.get(sender) ?? 0;
    if (n > last) {
      for (let hole = last + 1; hole < n; hole += 1) this.#holes.add(`${sender}.${hole}`);
      this.#last.set(sender, n);
    } else if (this.#holes.delete(`${sender}.${n}`)) this.reordered += 1;
    else {
      this.duplicates += 1;
      return false;
    }
    this.received += 1;
    return true;
  }

  /** Messages of a sender, of the `sent`, that were not received. */
  missing(sender: number, sent: number): number {
    const last = this.#last.get(sender) ?? 0;
    let missing = Math.max(0, sent - last);
    for (const hole of this.#holes) if (hole.startsWith(`${sender}.`)) missing += 1;
    return missing;
  }
}
