import type { Sent } from "./evidence.ts";

/** Shortest outage that is listed, ms. */
const OUTAGE_LEAST_MS = 1_000;

export type Timing = Readonly<{
  /** The longest time without an acknowledgement for any sender, ms. */
  longestOutageMs: number;
  /** All that were longer than a second: from when to when, ms since `since`. */
  outages: readonly (readonly [number, number])[];
  /** For each heal: time until every sender had an acknowledgement again, ms. */
  acceptedAgainMs: readonly number[];
}>;

/**
 * How long sends were not accepted. `since` is the start of the run; of each heal, `at` is when all faults had ended
 * and `until` the end of the rest that followed. All are monotonic, ms.
 */
export function timingOf(
  senders: readonly (readonly Sent[])[],
  heals: readonly { at: number; until: number }[],
  since = 0,
): Timing {
  const acks = senders.map((sent) =>
    sent.flatMap((one) => one.acks.map(({ at }) => at)).sort((a, b) => a - b),
  );
  const all = acks.flat().sort((a, b) => a - b);
  const gaps = all.slice(1).map((at, i) => [all[i] ?? at, at] as const);
  const longestOutageMs = gaps.reduce((longest, [from, to]) => Math.max(longest, to - from), 0);
  const outages = gaps
    .filter(([from, to]) => to - from > OUTAGE_LEAST_MS)
    .map(([from, to]) => [Math.round(from - since), Math.round(to - since)] as const);
  const acceptedAgainMs = heals.map(({ at, until }) =>
    Math.max(0, ...acks.map((one) => (one.find((time) => time >= at) ?? until) - at)),
  );
  return {
    longestOutageMs: Math.round(longestOutageMs),
    outages,
    acceptedAgainMs: acceptedAgainMs.map(Math.round),
  };
}
