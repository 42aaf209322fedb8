/** A wait ended before its answer came. The outcome of what was waited for is unknown. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";
  override readonly name = "DeadlineError";
}

/**
 * Waits for `work`, at most `ms` milliseconds of monotonic time.
 *
 * @throws {DeadlineError} when the time is up; `work` itself goes on.
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

/** Waits `ms` milliseconds, or less if `signal` is aborted; never throws. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** How long to wait before something that did not answer is tried again, ms. */
const RETRY_MS = 500;

/**
 * Tries until it works: for what a process needs at its start and what may come later than it does. Each new reason
 * for waiting is told once.
 */
export async function untilItWorks<T>(
  attempt: () => Promise<T>,
  onWaiting: (error: unknown) => void,
): Promise<T> {
  let told = "";
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== told) onWaiting(error);
      told = reason;
      await pause(RETRY_MS);
    }
  }
}
