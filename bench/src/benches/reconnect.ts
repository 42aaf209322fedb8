import { Fleet } from "../load/fleet.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";
import { BODY_LENGTH } from "./durable.ts";

const PER_ROOM = 10;

export type ReconnectPlan = Readonly<{
  members: number;
  perSecond: number;
  everyMs: number;
  offlineMs: number;
  ms: number;
}>;
export const RECONNECT: ReconnectPlan = {
  members: 1_000,
  perSecond: 300,
  everyMs: 15_000,
  offlineMs: 2_000,
  ms: 300_000,
};

/** Clients that lose their connection again and again while their rooms go on; they resume by seq. */
export async function reconnect(target: ParleyTarget, plan: ReconnectPlan = RECONNECT): Promise<Measured> {
  const fleet = new Fleet(1);
  try {
    const tokens = await target.tokens(200);
    const places = spread({ members: plan.members, perRoom: PER_ROOM, tokens, senders: 1 });
    await fleet.open("parley-resuming", target.endpoint, places);
    const { everyMs, offlineMs, ms, perSecond } = plan;
    const pace = { kind: "rate", perSecond } as const;
    const run = { pace, warmMs: 1_000, ms, bodyLength: BODY_LENGTH, cuts: { everyMs, offlineMs } };
    return await measureRun(target, fleet, run, { places, perRoom: PER_ROOM });
  } finally {
    await fleet.end();
  }
}
