import { Fleet } from "../load/fleet.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { BODY_LENGTH } from "./durable.ts";

const SENDERS = 10;

export type FanoutPlan = Readonly<{
  members: number;
  rates: readonly number[];
  warmMs: number;
  ms: number;
  processes: number;
}>;
export const FANOUT: FanoutPlan = {
  members: 1_000,
  rates: [5, 50, 100],
  warmMs: 2_000,
  ms: 6_000,
  processes: 1,
};

export type Fanout = Readonly<{ offered: number; deliveriesPerHolderCpuSecond: number; run: Measured }>;

/** One large room: messages at several rates (open loop), and how much work a delivery is for whoever delivers. */
export async function fanout(target: Target, holder: string, plan: FanoutPlan = FANOUT): Promise<Fanout[]> {
  const fleet = new Fleet(plan.processes);
  try {
    const perRoom = plan.members;
    const places = spread({ members: perRoom, perRoom, tokens: await target.tokens(20), senders: SENDERS });
    await fleet.open(target.dialect, target.endpoint, places);
    const results: Fanout[] = [];
    for (const offered of plan.rates) {
      const pace = { kind: "rate", perSecond: offered } as const;
      const { warmMs, ms } = plan;
      const run = await measureRun(
        target,
        fleet,
        { pace, warmMs, ms, bodyLength: BODY_LENGTH },
        { places, perRoom },
      );
      const cpu = run.cpuSeconds[holder] ?? 0;
      results.push({
        offered,
        deliveriesPerHolderCpuSecond: Math.round((run.deliveriesPerSecond * run.seconds) / cpu),
        run,
      });
    }
    return results;
  } finally {
    await fleet.end();
  }
}
