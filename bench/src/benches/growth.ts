import { type Measured, servicesUsPerMessage } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { type Membership, PER_ROOM, withMembers } from "./with-members.ts";

const SENDERS = 100;

type GrowthPlan = Readonly<{
  rooms: readonly number[];
  sockets: readonly number[];
  perSecond: number;
  ms: number;
}>;
export const GROWTH: GrowthPlan = {
  rooms: [10, 100, 1_000, 10_000],
  sockets: [1_000, 5_000, 15_000],
  perSecond: 1_000,
  ms: 10_000,
};

type Grown = Readonly<{ name: string; cpuUsPerMessage: number; run: Measured }>;

/** The same traffic with more and more rooms, then sockets: CPU time of a message over all services. */
export async function growth(target: Target, plan: GrowthPlan = GROWTH): Promise<Grown[]> {
  const results: Grown[] = [];
  const add = async (name: string, membership: Membership) => {
    const pace = { kind: "rate", perSecond: plan.perSecond } as const;
    const run = await withMembers(target, membership, ({ measure }) =>
      measure({ pace, warmMs: 4_000, ms: plan.ms }),
    );
    results.push({ name, cpuUsPerMessage: Math.round(servicesUsPerMessage(run)), run });
  };
  await add("warm-up", { members: SENDERS });
  for (const count of plan.rooms)
    await add(`${count} rooms`, {
      members: SENDERS,
      perRoom: SENDERS,
      change: (spec) => ({ ...spec, listens: false, spreadOver: count }),
    });
  // The same number of senders each time, so that only listening sockets grow.
  for (const count of plan.sockets)
    await add(`${count} sockets`, {
      members: count,
      senders: 1,
      change: (spec) => ({ ...spec, sends: spec.sends && spec.index < SENDERS * PER_ROOM }),
    });
  return results.slice(1);
}
