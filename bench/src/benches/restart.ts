import { sleep } from "../load/clock.ts";
import { Fleet } from "../load/fleet.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";
import { BODY_LENGTH } from "./durable.ts";

const PER_ROOM = 10;

export type RestartPlan = Readonly<{ members: number; perSecond: number; beforeMs: number; afterMs: number }>;
export const RESTART: RestartPlan = { members: 5_000, perSecond: 100, beforeMs: 3_000, afterMs: 25_000 };

/** The only consumer is restarted in the orderly way while messages are sent: how long until everybody is back. */
export async function restart(target: ParleyTarget, plan: RestartPlan = RESTART): Promise<Measured> {
  const fleet = new Fleet(1);
  try {
    const tokens = await target.tokens(plan.members);
    const places = spread({ members: plan.members, perRoom: PER_ROOM, tokens, senders: 1 });
    await fleet.open("parley-resuming", target.endpoint, places);
    const pace = { kind: "rate", perSecond: plan.perSecond } as const;
    const run = { pace, warmMs: 500, ms: plan.beforeMs + plan.afterMs, bodyLength: BODY_LENGTH };
    const measuring = measureRun(target, fleet, run, { places, perRoom: PER_ROOM });
    await sleep(plan.beforeMs);
    await target.restart("ws-consumer");
    return await measuring;
  } finally {
    await fleet.end();
  }
}
