/**
 * Whether a user may post to a room. Answers at once if it is known here, so that messages keep their order.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `unavailable` if it cannot be told now.
 */
export type MayPost = (room: string, userId: string) => boolean | Promise<boolean>;

/** What the board of rights says of a key: which of two values is newer, and what it is; undefined if nothing. */
export type Right = Readonly<{ version: number; state: string }> | undefined;

export type RightsParts = Readonly<{
  read: (key: string) => Promise<Right>;
  now: () => number;
}>;

/** How long a right is believed without hearing of it again, ms: a change that was not heard costs so much. */
const BELIEVED_MS = 10_000;
/** After so long it is looked up again while it is still believed, ms. */
const REFRESH_MS = 5_000;
/** Rights that are kept at once. */
const RIGHTS_MAX = 200_000;

type Known = { right: Right; at: number; isRefreshing: boolean };

/** What is known here of the board of rights. Changes are told to it; what is not known is looked up. */
export class KnownRights {
  readonly #parts: RightsParts;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Right>>();

  constructor(parts: RightsParts) {
    this.#parts = parts;
  }

  /** The right of a key: at once if it is known. */
  get(key: string): Right | Promise<Right> {
    const known = this.#known.get(key);
    const age = known ? this.#parts.now() - known.at : Number.POSITIVE_INFINITY;
    if (!known || age > BELIEVED_MS) return this.#ask(key);
    if (age > REFRESH_MS && !known.isRefreshing) {
      known.isRefreshing = true;
      // If it cannot be looked up now, it will be when it is not believed any more.
      this.#ask(key).catch(() => undefined);
    }
    return known.right;
  }

  /** Somebody says what a key is from here on. */
  hear(key: string, right: Exclude<Right, undefined>): void {
    if (this.#known.has(key) || this.#asking.has(key)) this.#learn(key, right);
  }

  /** What is known may be wrong: changes were missed. */
  forget(): void {
    this.#known.clear();
  }

  #ask(key: string): Promise<Right> {
    const underway = this.#asking.get(key);
    if (underway !== undefined) return underway;
    const answer = this.#parts
      .read(key)
      .then((right) => this.#learn(key, right))
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, answer);
    return answer;
  }

  /** Of what is read and what was heard meanwhile, the newer one counts. */
  #learn(key: string, right: Right): Right {
    const before = this.#known.get(key)?.right;
    const newer = (before?.version ?? -1) > (right?.version ?? -1) ? before : right;
    this.#known.delete(key);
    this.#known.set(key, { right: newer, at: this.#parts.now(), isRefreshing: false });
    if (this.#known.size > RIGHTS_MAX) this.#known.delete(this.#known.keys().next().value as string);
    return newer;
  }
}
