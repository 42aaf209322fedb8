import { Fleet } from "../load/fleet.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";

export const BODY_LENGTH = 200;
const MEMBERS_PER_ROOM = 10;

export type DurablePlan = Readonly<{
  members: number;
  each: number;
  warmMs: number;
  ms: number;
  processes: number;
}>;
/** 16 each are 160 in a room, and nobody here refuses so many: Tinode would from 193 on. */
export const DURABLE: DurablePlan = { members: 200, each: 16, warmMs: 3_000, ms: 10_000, processes: 1 };

/**
 * Durable throughput: members in rooms of 10, all of whom send; each keeps a few messages under way, and one is done
 * when it is acknowledged and has come back. So the target is always busy and never behind.
 */
export async function durable(target: Target, plan: DurablePlan = DURABLE): Promise<Measured> {
  const fleet = new Fleet(plan.processes);
  try {
    const places = spread({
      members: plan.members,
      perRoom: MEMBERS_PER_ROOM,
      tokens: await target.tokens(20),
    });
    await fleet.open(target.dialect, target.endpoint, places);
    const pace = { kind: "window", each: plan.each } as const;
    const run = { pace, warmMs: plan.warmMs, ms: plan.ms, bodyLength: BODY_LENGTH };
    return await measureRun(target, fleet, run, { places, perRoom: MEMBERS_PER_ROOM });
  } finally {
    await fleet.end();
  }
}
