/** A deadline passed without an answer. The outcome of the work is unknown. */
class DeadlineError extends Error {
  readonly code = "DEADLINE";
  override readonly name = "DeadlineError";
}

/**
 * Waits for `work`, at most `ms` milliseconds of monotonic time.
 *
 * @param what names the work in the error's message
 * @throws {DeadlineError} after `ms`; `work` itself continues.
 * @example await withDeadline(nats.flush(), 500, "flushing NATS")
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`${what}: no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(undefined);
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Delay between attempts, ms. */
const RETRY_MS = 500;

/**
 * Retries `attempt` until it succeeds: for services that a process needs at its start and that may start later.
 *
 * @param onWaiting called when an attempt fails for another reason than the one before
 */
export async function retryUntilReady<T>(
  attempt: () => Promise<T>,
  onWaiting: (error: unknown) => void,
): Promise<T> {
  let lastReason = "";
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== lastReason) onWaiting(error);
      lastReason = reason;
      await sleep(RETRY_MS);
    }
  }
}
