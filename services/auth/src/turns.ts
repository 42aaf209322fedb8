import { sleep } from "@parley/runtime/deadline";

/** Turns that are kept before those which are long over are thrown away. */
const TURNS_KEPT = 1_000;

/** Attempts that come one after the other, each key at its own pace. */
interface Turns {
  /**
   * Waits until each key's last turn is its spacing (ms) ago. Answers 0 then; or how long the wait would be (ms) if
   * that is longer than the longest wait, and no turn is taken. A spacing of 0 takes no turn.
   */
  wait(spacings: readonly (readonly [key: string, spacingMs: number])[]): Promise<number>;
}

/** Turns on monotonic time, in memory. */
export function createTurns(waitMsMax: number): Turns {
  /** When the last attempt with this key went or goes, ms of monotonic time. */
  const lastAt = new Map<string, number>();
  const dropOver = (now: number) => {
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
      if (lastAt.size > TURNS_KEPT) dropOver(now);
      if (turn > now) await sleep(turn - now);
      return 0;
    },
  };
}
