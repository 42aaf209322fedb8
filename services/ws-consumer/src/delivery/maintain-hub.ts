import type { Hub } from "./hub.ts";

/**
 * Interval at which heads of quiet rooms are compared with Postgres, ms: how long a lost live frame stays unnoticed (docs/decisions/0007).
 */
const COMPARE_MS = 1_000;
const TIDY_MS = 10_000;

/** Runs the hub's periodic work: finding lost live frames, and forgetting rooms. Returns a function that stops it. */
export function maintainHub(hub: Hub, onFault: (error: unknown, what: string) => void): () => void {
  let isComparing = false;
  const compare = async () => {
    if (isComparing) return;
    isComparing = true;
    try {
      await hub.compareHeads(COMPARE_MS);
    } catch (error) {
      onFault(error, "heads of rooms could not be compared");
    } finally {
      isComparing = false;
    }
  };
  const timers = [setInterval(() => void compare(), COMPARE_MS), setInterval(() => hub.tidy(), TIDY_MS)];
  return () => timers.forEach(clearInterval);
}
