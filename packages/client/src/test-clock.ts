import type { Clock } from "./types.ts";

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  /** Goes on by so many ms; what is due runs, in order. */
  advance(ms: number): void;
  /** So many ms pass while nothing runs, as in a suspended machine or a page in the background; then what is due runs. */
  sleep(ms: number): void;
  /** Timers that are set. */
  readonly pending: number;
}

/**
 * Makes a clock for tests: `createParley({ clock, … })`. Chance is a sequence that a seed fixes.
 *
 * @example
 * const clock = createTestClock();
 * clock.advance(60_000);
 */
export function createTestClock(seed = 1): TestClock {
  let now = 0;
  let state = seed;
  const timers = new Map<object, { at: number; callback: () => void }>();
  const next = (until: number) => {
    const due = [...timers].filter(([, { at }]) => at <= until);
    return due.sort(([, a], [, b]) => a.at - b.at)[0];
  };
  return {
    now: () => now,
    setTimeout(callback, ms) {
      const timer = {};
      timers.set(timer, { at: now + ms, callback });
      return timer;
    },
    clearTimeout: (timer) => timers.delete(timer as object),
    random() {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    },
    advance(ms) {
      const until = now + ms;
      for (let due = next(until); due; due = next(until)) {
        const [timer, { at, callback }] = due;
        timers.delete(timer);
        now = Math.max(now, at);
        callback();
      }
      now = until;
    },
    sleep(ms) {
      now += ms;
      for (const [timer, { at, callback }] of [...timers].sort(([, a], [, b]) => a.at - b.at))
        if (at <= now && timers.delete(timer)) callback();
    },
    get pending() {
      return timers.size;
    },
  };
}
