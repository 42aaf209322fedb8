import type { Timers } from "./timers.ts";

/** A token bucket of a second's messages: what the server allows is not exceeded in the first place. */
export class Pace {
  readonly #timers: Timers;
  #perSecond = 1;
  #left = 0;
  #filledAt = 0;
  #pausedUntil = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  start(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#filledAt = this.#timers.now();
  }

  /** The server refused: nothing is sent for so long, ms. */
  pause(ms: number): void {
    this.#pausedUntil = this.#timers.now() + ms;
  }

  /** How long the next message has to wait, ms; at least until `notBefore`. */
  waitMs(notBefore: number): number {
    const now = this.#timers.now();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#filledAt) * this.#perSecond) / 1_000);
    this.#filledAt = now;
    const refill = this.#left >= 1 ? 0 : ((1 - this.#left) * 1_000) / this.#perSecond;
    return Math.max(refill, this.#pausedUntil - now, notBefore - now);
  }

  take(): void {
    this.#left -= 1;
  }
}
