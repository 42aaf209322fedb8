import { sleep } from "@parley/runtime/deadline";

/** Keys that may be kept before old ones are removed. */
const KEYS_KEPT = 1_000;

/** Spaces attempts with the same key in time. */
interface Turns {
  /**
   * Waits until the last turn of each key is at least its spacing ago, takes a turn for each, and resolves with 0. If
   * the wait would be longer than the maximum, it resolves at once with that wait (ms) and takes no turn. Keys with a
   * spacing of 0 take no turn.
   */
  wait(spacings: readonly (readonly [key: string, spacingMs: number])[]): Promise<number>;
}

/** Creates turns in memory, on monotonic time; `waitMsMax` is the longest wait. */
export function createTurns(waitMsMax: number): Turns {
  /** Time of the last turn of each key, which may be in the future; monotonic, ms. */
  const lastAt = new Map<string, number>();
  const removeOld = (now: number) => {
    for (const [key, at] of lastAt) if (at + waitMsMax < now) lastAt.delete(key);
  };
  return {
    async wait(spacings) {
      const now = performance.now();
      const slowed = spacings.filter(([, spacingMs]) => spacingMs > 0);
      const turn = slowed.reduce(
        (at, [key, spacingMs]) => Math.max(at, (lastAt.get(key) ?? -spacingMs) + spacingMs),
        now,
      );
      if (turn - now > waitMsMax) return turn - now;
      for (const [key] of slowed) lastAt.set(key, turn);
      if (lastAt.size > KEYS_KEPT) removeOld(now);
      if (turn > now) await sleep(turn - now);
      return 0;
    },
  };
}
