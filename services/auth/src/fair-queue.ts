/** Jobs that may wait; the one whose account or address has used most gives way to another. */
export const WAITING_MAX = 64;
/** Jobs of one account from one address that may wait. */
export const WAITING_OF_PAIR_MAX = 16;
/** What an account or an address has used counts half after this time, ms. */
const HALF_LIFE_MS = 60_000;
/** Of three turns, how many are for known addresses while both lanes have jobs. */
const KNOWN_SHARE = 2;
const TURNS = 3;
/** Keys that are remembered; the one that was used least recently goes first. */
const KEYS_MAX = 10_000;

/** Attempts with this key must be so far apart, ms. */
export type Spacing = readonly [key: string, ms: number];

/** For whom a password is hashed. */
export type Turn = Readonly<{
  /** In lower case. */
  account: string;
  /** As `addressKey` gives it. */
  address: string;
  /** Whether the account was entered from this address before. */
  isKnown: boolean;
  spacings: readonly Spacing[];
}>;

type Waiting<Job> = Readonly<{ job: Job; turn: Turn }>;
/** How much a key has used (halved with time) and when it last did; monotonic, ms. */
type Use = Readonly<{ amount: number; at: number }>;

/**
 * Jobs in an order in which nobody starves: known addresses have a lane of their own, two turns of three, and in a lane
 * whoever has used least is next. So one account that logs in without end, or wrong passwords from many addresses, wait for
 * themselves (docs/decisions/0013). All times are monotonic, ms.
 */
export class FairQueue<Job> {
  readonly #waiting = new Map<Job, Waiting<Job>>();
  readonly #uses = new Map<string, Use>();
  #turns = 0;

  get size(): number {
    return this.#waiting.size;
  }

  jobs(): Iterable<Job> {
    return this.#waiting.keys();
  }

  /** Whether an account has enough jobs waiting from an address. */
  isBusy(account: string, address: string): boolean {
    let count = 0;
    for (const { turn } of this.#waiting.values())
      if (turn.account === account && turn.address === address) count += 1;
    return count >= WAITING_OF_PAIR_MAX;
  }

  /**
   * Adds a job. Returns the job that has no place now: this one, if its account has enough from its address, else, of the
   * longer lane, one whose account or address has used and waits for most.
   */
  add(job: Job, turn: Turn, now: number): Job | undefined {
    if (this.isBusy(turn.account, turn.address)) return job;
    this.#waiting.set(job, { job, turn });
    if (this.#waiting.size <= WAITING_MAX) return undefined;
    const all = [...this.#waiting.values()];
    const known = all.filter((one) => one.turn.isKnown);
    const lane = known.length > WAITING_MAX / 2 ? known : all.filter((one) => !one.turn.isKnown);
    const amounts = new Map<string, number>();
    for (const key of lane.flatMap((one) => keysOf(one.turn)))
      amounts.set(key, (amounts.get(key) ?? this.#used(key, now)) + 1);
    const amountOf = (one: Waiting<Job>) => Math.max(...keysOf(one.turn).map((key) => amounts.get(key) ?? 0));
    const refused = lane.reduce((most, one) => (amountOf(one) >= amountOf(most) ? one : most));
    this.#waiting.delete(refused.job);
    return refused.job;
  }

  remove(job: Job): void {
    this.#waiting.delete(job);
  }

  /** Takes the next job that need not wait for its spacing; undefined if there is none. */
  take(now: number): Job | undefined {
    const [known, unknown] = [this.#next(true, now), this.#next(false, now)];
    const isKnownsTurn = this.#turns % TURNS < KNOWN_SHARE;
    const next = isKnownsTurn ? (known ?? unknown) : (unknown ?? known);
    if (!next) return undefined;
    if (known && unknown) this.#turns += 1;
    this.#waiting.delete(next.job);
    this.#use(next.turn, now);
    return next.job;
  }

  /** How long a turn has to wait for its spacing, ms. */
  waitMs({ spacings }: Turn, now: number): number {
    return spacings.reduce((longest, [key, ms]) => {
      const at = this.#uses.get(`spaced ${key}`)?.at;
      return at === undefined ? longest : Math.max(longest, at + ms - now);
    }, 0);
  }

  /** How long until a job need not wait for its spacing any more, ms; undefined if none waits. */
  nextInMs(now: number): number | undefined {
    const waits = [...this.#waiting.values()].map(({ turn }) => this.waitMs(turn, now));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  #next(isKnown: boolean, now: number): Waiting<Job> | undefined {
    let best: Waiting<Job> | undefined;
    for (const one of this.#waiting.values()) {
      if (one.turn.isKnown !== isKnown || this.waitMs(one.turn, now) > 0) continue;
      if (!best || this.#rank(one.turn, now) < this.#rank(best.turn, now)) best = one;
    }
    return best;
  }

  /** What a turn's account, and a stranger's address too, have used. */
  #rank(turn: Turn, now: number): number {
    return Math.max(...keysOf(turn).map((key) => this.#used(key, now)));
  }

  #used(key: string, now: number): number {
    const use = this.#uses.get(key);
    return use === undefined ? 0 : use.amount * 0.5 ** ((now - use.at) / HALF_LIFE_MS);
  }

  #use(turn: Turn, now: number): void {
    for (const key of [...keysOf(turn), ...turn.spacings.map(([spaced]) => `spaced ${spaced}`)]) {
      const amount = this.#used(key, now) + 1;
      this.#uses.delete(key);
      this.#uses.set(key, { amount, at: now });
    }
    for (const key of this.#uses.keys()) {
      if (this.#uses.size <= KEYS_MAX) break;
      this.#uses.delete(key);
    }
  }
}

/** A known address is not counted: others of the same network use it too. */
const keysOf = ({ account, address, isKnown }: Turn): string[] =>
  isKnown ? [`known ${account}`] : [`account ${account}`, `address ${address}`];
