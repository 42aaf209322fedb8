import { Fleet } from "../load/fleet.ts";
import type { Place } from "../load/member.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { BODY_LENGTH } from "./durable.ts";

const SENDERS = 100;
const PER_ROOM = 10;

export type GrowthPlan = Readonly<{
  rooms: readonly number[];
  sockets: readonly number[];
  perSecond: number;
  warmMs: number;
  ms: number;
}>;
export const GROWTH: GrowthPlan = {
  rooms: [10, 100, 1_000, 10_000],
  sockets: [1_000, 5_000, 15_000],
  perSecond: 1_000,
  warmMs: 4_000,
  ms: 10_000,
};

export type Grown = Readonly<{
  what: "rooms" | "sockets";
  count: number;
  cpuUsPerMessage: number;
  run: Measured;
}>;

/** The same traffic with more and more rooms, and with more and more sockets: what a message costs all services. */
export async function growth(target: Target, plan: GrowthPlan = GROWTH): Promise<Grown[]> {
  const results: Grown[] = [];
  const tokens = await target.tokens(20);
  // Counts for nothing: code is compiled and connections are made.
  await grown(target, plan, "rooms", PER_ROOM, spread({ members: SENDERS, perRoom: PER_ROOM, tokens }));
  for (const count of plan.rooms) {
    const senders = spread({ members: SENDERS, perRoom: SENDERS, tokens });
    const places = senders.map((place) => ({ ...place, listens: false, spreadOver: count }));
    results.push(await grown(target, plan, "rooms", count, places));
  }
  for (const count of plan.sockets) {
    const places = spread({ members: count, perRoom: PER_ROOM, tokens, senders: 1 });
    // The same number of senders each time: producers' sockets are not what grows.
    results.push(
      await grown(
        target,
        plan,
        "sockets",
        count,
        places.map((place) => ({ ...place, sends: place.sends && place.index < SENDERS * PER_ROOM })),
      ),
    );
  }
  return results;
}

async function grown(
  target: Target,
  { perSecond, warmMs, ms }: GrowthPlan,
  what: Grown["what"],
  count: number,
  places: readonly Place[],
): Promise<Grown> {
  const fleet = new Fleet(1);
  try {
    await fleet.open(target.dialect, target.endpoint, places);
    const plan = { pace: { kind: "rate", perSecond }, warmMs, ms, bodyLength: BODY_LENGTH } as const;
    const run = await measureRun(target, fleet, plan, { places, perRoom: PER_ROOM });
    const { driver: _driver, ...services } = run.cpuUsPerMessage;
    const cpuUsPerMessage = Math.round(Object.values(services).reduce((sum, us) => sum + us, 0));
    return { what, count, cpuUsPerMessage, run };
  } finally {
    await fleet.end();
  }
}
