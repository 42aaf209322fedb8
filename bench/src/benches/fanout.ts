import type { Measured } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { withMembers } from "./with-members.ts";

const SENDERS = 10;

type FanoutPlan = Readonly<{ members: number; rates: readonly number[]; ms: number }>;
export const FANOUT: FanoutPlan = { members: 1_000, rates: [5, 50, 100], ms: 6_000 };

type Fanout = Readonly<{ offered: number; deliveriesPerHolderCpuSecond: number; run: Measured }>;

/** One large room at several message rates (open loop): deliveries per CPU second of the process `holder`. */
export function fanout(
  target: Target,
  holder: string,
  { members, rates, ms }: FanoutPlan = FANOUT,
): Promise<Fanout[]> {
  const membership = { members, perRoom: members, senders: SENDERS };
  return withMembers(target, membership, async ({ measure }) => {
    const results: Fanout[] = [];
    for (const offered of rates) {
      const run = await measure({ pace: { kind: "rate", perSecond: offered }, ms });
      const deliveries = run.deliveriesPerSecond * run.seconds;
      const deliveriesPerHolderCpuSecond = Math.round(deliveries / (run.cpuSeconds[holder] ?? 0));
      results.push({ offered, deliveriesPerHolderCpuSecond, run });
    }
    return results;
  });
}
