import { sleep } from "@parley/runtime/deadline";

/** Interval of checks, and pause after a fault, ms. */
const CHECK_MS = 10_000;
const RETRY_MS = 1_000;

/**
 * Keeps the bucket from which producers read rights complete, also after it was lost.
 *
 * @param prepare creates and fills the bucket if it is missing or incomplete
 * @returns a function that stops it
 */
export function maintainAccessBucket(
  prepare: () => Promise<void>,
  onFault: (error: unknown, what: string) => void,
): () => void {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      let wait = CHECK_MS;
      try {
        await prepare();
      } catch (error) {
        onFault(error, "the ROOMS bucket could not be prepared");
        wait = RETRY_MS;
      }
      await sleep(wait, stop.signal);
    }
  };
  void run();
  return () => stop.abort();
}
