import type { Timers } from "./timers.ts";

/** A token bucket of a second's messages: what the server allows is not exceeded in the first place. */
export function createPace(timers: Timers) {
  let perSecond = 1;
  let left = 0;
  let filledAt = 0;
  let pausedUntil = 0;
  return {
    start(rate: number): void {
      perSecond = rate;
      left = rate;
      filledAt = timers.now();
    },
    /** The server refused: nothing is sent for so long, ms. */
    pause(ms: number): void {
      pausedUntil = timers.now() + ms;
    },
    /** How long the next message has to wait, ms; at least until `notBefore`. */
    waitMs(notBefore: number): number {
      const now = timers.now();
      left = Math.min(perSecond, left + ((now - filledAt) * perSecond) / 1_000);
      filledAt = now;
      return Math.max(((1 - left) * 1_000) / perSecond, pausedUntil - now, notBefore - now);
    },
    take(): void {
      left -= 1;
    },
  };
}
