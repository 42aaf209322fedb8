/** What one receiver got, held against what was sent in its room. */
export class Tally {
  delivered = 0;
  duplicates = 0;
  reordered = 0;
  /** The last message of each sender, and those before it that have not come. */
  readonly #last = new Map<number, number>();
  readonly #holes = new Set<string>();

  /** Takes the n-th message of a sender (from 1). Says whether it is new. */
  take(sender: number, n: number): boolean {
    const last = this.#last.get(sender) ?? 0;
    if (n > last) {
      for (let hole = last + 1; hole < n; hole += 1) this.#holes.add(`${sender}.${hole}`);
      this.#last.set(sender, n);
    } else if (this.#holes.delete(`${sender}.${n}`)) this.reordered += 1;
    else {
      this.duplicates += 1;
      return false;
    }
    this.delivered += 1;
    return true;
  }

  /** How many of the `sent` messages of a sender have not come. */
  missing(sender: number, sent: number): number {
    const last = this.#last.get(sender) ?? 0;
    let missing = Math.max(0, sent - last);
    for (const hole of this.#holes) if (hole.startsWith(`${sender}.`)) missing += 1;
    return missing;
  }
}
