import type { Entry } from "./evidence.ts";
import type { Ledger } from "./ledger.ts";

/** One of this many delivered messages is looked up. */
const EVERY = 37;
/** Most lookups at the same time. */
const UNDERWAY_MAX = 2;

/** Looks up rows right after their delivery: a delivered message must already be committed. */
export class EarlyLook {
  readonly early: string[] = [];
  looks = 0;
  #received = 0;
  #underway = 0;

  /** Takes each message as it is delivered. */
  async take(ledger: Ledger, room: string, entry: Entry): Promise<void> {
    this.#received += 1;
    if (this.#received % EVERY !== 0 || this.#underway >= UNDERWAY_MAX) return;
    this.#underway += 1;
    const isThere = await ledger.has(room, entry);
    this.#underway -= 1;
    if (isThere !== undefined) this.looks += 1;
    if (isThere === false) this.early.push(`${room} ${entry.seq} was received before it was committed`);
  }
}
