import type { Sent } from "./evidence.ts";

/** When the first fault of a round began, all had ended, and the rest after them ended; monotonic, ms. */
export type Heal = Readonly<{ from: number; at: number; until: number }>;

export type Timing = Readonly<{
  /** The longest time without an acknowledgement for any sender, ms. */
  longestOutageMs: number;
  /** For each heal: time until every sender had an acknowledgement again, ms. */
  acceptedAgainMs: readonly number[];
  /** For each round: the longest time that any one sender waited for its next acknowledgement, ms. */
  gapsMs: readonly number[];
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
  const gapsMs = heals.map(({ from, until }) =>
    Math.max(0, ...acks.map((one) => longestGap(one, from, until))),
  );
  return { longestOutageMs: Math.round(longestOutageMs), acceptedAgainMs, gapsMs };
}

/** The longest time without an acknowledgement that begins or ends within a span, ms. */
function longestGap(acks: readonly number[], from: number, until: number): number {
  const last = acks.findLast((at) => at <= from) ?? from;
  const within = acks.filter((at) => at > from && at <= until);
  const gaps = [...within, until].map((at, i) => at - (within[i - 1] ?? last));
  return Math.round(Math.max(...gaps));
}
