/** Ids in one request. */
const BATCH = 100;
/** What is wanted is collected for so long, ms. */
const COLLECT_MS = 30;
/** What is wanted again is asked for again after so long, ms: people change it. */
const AGAIN_MS = 60_000;

/**
 * Makes a function that wants what belongs to an id: several are asked for in one request, each once a minute at most.
 *
 * @param ask asks for at most 100 ids; those of a call that fails are asked for again when they are wanted next
 */
export function askTogether(ask: (ids: readonly string[]) => Promise<void>): (id: string) => void {
  const wanted = new Set<string>();
  /** When an id was last asked for, by the monotonic clock, ms. */
  const asked = new Map<string, number>();
  const send = async (): Promise<void> => {
    const ids = [...wanted].slice(0, BATCH);
    for (const id of ids) wanted.delete(id);
    if (wanted.size > 0) setTimeout(send, COLLECT_MS);
    try {
      await ask(ids);
    } catch {
      for (const id of ids) asked.delete(id);
    }
  };
  return (id) => {
    const now = performance.now();
    if (now - (asked.get(id) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    if (wanted.size === 0) setTimeout(send, COLLECT_MS);
    wanted.add(id);
    asked.set(id, now);
  };
}
