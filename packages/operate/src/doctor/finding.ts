/** What a check found: something that is right, that may be meant so, or that must be mended. */
export type Finding = Readonly<{ level: "ok" | "note" | "mend"; text: string }>;

export const ok = (text: string): Finding => ({ level: "ok", text });
export const note = (text: string): Finding => ({ level: "note", text });
export const mend = (text: string): Finding => ({ level: "mend", text });

/** Longest answer of a server or a service, ms. */
export const ANSWER_MS = 5_000;

/** What to do with a process that does not answer: one that let the connection wait hangs, another does not run. */
export function silence(error: unknown, told: string, name: string, advice: string): string {
  const isHung = (error as Error).name === "TimeoutError";
  return isHung ? `${told} in ${ANSWER_MS / 1_000} s: it hangs, make restart-${name}` : `${told}: ${advice}`;
}

/** Difference between two clocks that spoils the expiry of tokens and the order of log lines, ms. */
const SKEW_MAX_MS = 2_000;

/**
 * Compares another clock with this one, given the time in between which it was read.
 *
 * @param askedAt this clock, ms since 1970, before the question; the answer is there now
 */
export function checkClock(who: string, theirs: number, askedAt: number): Finding[] {
  const now = Date.now();
  const skewMs = theirs < askedAt ? theirs - askedAt : Math.max(0, theirs - now);
  if (Math.abs(skewMs) <= SKEW_MAX_MS) return [];
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return [
    mend(
      `the clock of ${who} is ${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${direction} this machine's: run NTP on both`,
    ),
  ];
}
