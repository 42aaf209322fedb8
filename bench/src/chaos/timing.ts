import type { Sent } from "./evidence.ts";

/** From when all faults had ended until the end of the rest that followed; monotonic, ms. */
export type Heal = Readonly<{ at: number; until: number }>;

export type Timing = Readonly<{
  /** The longest time without an acknowledgement for any sender, ms. */
  longestOutageMs: number;
  /** For each heal: time until every sender had an acknowledgement again, ms. */
  acceptedAgainMs: readonly number[];
}>;

/** How long sends were not accepted. */
export function timingOf(senders: readonly (readonly Sent[])[], heals: readonly Heal[]): Timing {
  const acks = senders.map((sent) =>
    sent.flatMap((one) => one.acks.map(({ at }) => at)).sort((a, b) => a - b),
  );
  const all = acks.flat().sort((a, b) => a - b);
  const longestOutageMs = all.reduce((longest, at, i) => Math.max(longest, at - (all[i - 1] ?? at)), 0);
  const acceptedAgainMs = heals.map(({ at, until }) =>
    Math.round(Math.max(0, ...acks.map((one) => (one.find((time) => time >= at) ?? until) - at))),
  );
  return { longestOutageMs: Math.round(longestOutageMs), acceptedAgainMs };
}
