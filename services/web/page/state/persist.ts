import type { ParleyError } from "@parley/client";

/** Between two tries, ms. */
const RETRY_MS = 2_000;

/**
 * Does something until it succeeds, is refused for good, or is not wanted any more.
 *
 * @returns what came of it; undefined if nothing did
 */
export async function persist<T>(work: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
  while (isWanted())
    try {
      return await work();
    } catch (error) {
      const { isRetryable, retryAfterMs = RETRY_MS } = error as ParleyError;
      if (!isRetryable) return undefined;
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
  return undefined;
}
