import { sleep } from "@parley/runtime/deadline";

/** Interval of checks, and pause after a fault, ms: how long a lost bucket stays unnoticed. */
const CHECK_MS = 1_000;

/**
 * Keeps the bucket from which producers read rights complete, also after it was lost, or the database was restored.
 *
 * @param isChosen whether this instance is the one that does it: the writer of a certain shard
 * @param prepare creates and fills the bucket if it is missing or incomplete
 * @returns a function that stops it
 */
export function maintainAccessBucket(
  isChosen: () => boolean,
  prepare: () => Promise<void>,
  onFault: (error: unknown, what: string) => void,
): () => void {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      try {
        if (isChosen()) await prepare();
      } catch (error) {
        onFault(error, "the ROOMS bucket could not be prepared");
      }
      await sleep(CHECK_MS, stop.signal);
    }
  };
  void run();
  return () => stop.abort();
}
