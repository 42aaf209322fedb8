import type { Sent } from "./evidence.ts";

export type Timing = Readonly<{
  /** The longest time between two acknowledgements of anybody, ms. */
  longestOutageMs: number;
  /** For each heal: until everybody who went on sending was acknowledged again, ms. */
  acceptedAgainMs: readonly number[];
}>;

/**
 * How long sends were not accepted. `heals` are the times at which all faults had ended, and `untils` the ends of the
 * rests that followed; both monotonic, ms.
 */
export function timingOf(
  senders: readonly (readonly Sent[])[],
  heals: readonly { at: number; until: number }[],
): Timing {
  const acks = senders.map((sent) =>
    sent.flatMap((one) => one.acks.map(({ at }) => at)).sort((a, b) => a - b),
  );
  const all = acks.flat().sort((a, b) => a - b);
  let longestOutageMs = 0;
  for (let i = 1; i < all.length; i += 1)
    longestOutageMs = Math.max(longestOutageMs, (all[i] ?? 0) - (all[i - 1] ?? 0));
  const acceptedAgainMs = heals.map(({ at, until }) =>
    Math.max(0, ...acks.map((one) => (one.find((time) => time >= at) ?? until) - at)),
  );
  return { longestOutageMs: Math.round(longestOutageMs), acceptedAgainMs: acceptedAgainMs.map(Math.round) };
}
