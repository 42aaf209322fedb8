/**
 * How long a batch may keep the others waiting, ms: a stream that does not answer must not hold up those that do.
 */
const TURN_MS = 100;

/**
 * Lets one atomic batch at a time go to the log, whatever shard it is of: what gathers meanwhile makes the next ones
 * larger, and what a batch costs nats-server is most of all a fixed sum (docs/decisions/0002).
 */
export class BatchTurns {
  #holder: object | undefined;
  #expiry: NodeJS.Timeout | undefined;
  readonly #waiting = new Map<object, () => void>();

  /** True if it is this lane's turn; else `onTurn` is called once, when it may ask again. */
  take(lane: object, onTurn: () => void): boolean {
    if (this.#holder !== undefined) {
      this.#waiting.set(lane, onTurn);
      return false;
    }
    this.#waiting.delete(lane);
    this.#holder = lane;
    this.#expiry = setTimeout(() => this.release(lane), TURN_MS);
    return true;
  }

  /** Ends the lane's turn, if it is its turn. */
  release(lane: object): void {
    if (this.#holder !== lane) return;
    clearTimeout(this.#expiry);
    this.#holder = undefined;
    for (const [next, onTurn] of this.#waiting) {
      if (this.#holder !== undefined) return;
      this.#waiting.delete(next);
      onTurn();
    }
  }
}
