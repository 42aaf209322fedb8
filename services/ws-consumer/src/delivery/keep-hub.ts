import type { Hub } from "./hub.ts";

/** How often quiet rooms are compared with the database, ms (docs/decisions/0007). */
const COMPARE_MS = 1_000;
const TIDY_MS = 10_000;

/** Keeps the hub true while it runs: finds lost live messages, forgets rooms. Returns what ends it. */
export function keepHub(hub: Hub, onFault: (error: unknown, what: string) => void): () => void {
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
