import type { Clock, Release } from "./types.ts";

/** The real clock: monotonic, so a wrong or changed wall clock does not matter. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: Math.random,
};

/** Timers of one client: all end with it. */
export interface Timers extends Pick<Clock, "now" | "random"> {
  after(ms: number, callback: () => void): Release;
  clear(): void;
}

/** Longest delay that engines take, ms. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** Makes timers on a clock. After `clear` no callback runs any more. */
export function createTimers(clock: Clock): Timers {
  const running = new Set<unknown>();
  let isCleared = false;
  const after = (ms: number, callback: () => void): Release => {
    if (isCleared) return () => undefined;
    const stop = () => {
      running.delete(timer);
      clock.clearTimeout(timer);
    };
    const run = () => {
      running.delete(timer);
      callback();
    };
    const timer = clock.setTimeout(run, Math.min(Math.max(0, ms), DELAY_MS_MAX));
    running.add(timer);
    return stop;
  };
  return {
    ...clock,
    after,
    clear() {
      isCleared = true;
      for (const timer of running) clock.clearTimeout(timer);
    },
  };
}

/** Window of the first retry, and the widest one, ms. */
const WINDOW_MS = 1_000;
const WINDOW_MS_MAX = 30_000;

/**
 * Delay before a retry: uniform over a window that doubles with each failure ("full jitter"), after the time that the
 * server asked for. So clients that were cut together come back spread evenly.
 */
export function backoffMs(failures: number, random: number, retryAfterMs = 0): number {
  return retryAfterMs + random * Math.min(WINDOW_MS_MAX, WINDOW_MS * 2 ** failures);
}
