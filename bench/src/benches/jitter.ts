import { Fleet } from "../load/fleet.ts";
import { spread } from "../load/places.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { BODY_LENGTH } from "./durable.ts";

const MEMBERS = 1_000;
const PER_ROOM = 10;

/**
 * First every room is spoken in for a while: a process that has just started runs code that was never compiled, and asks
 * once about each room.
 */
const REHEARSAL = {
  pace: { kind: "rate", perSecond: 200 },
  warmMs: 0,
  ms: 3_000,
  bodyLength: BODY_LENGTH,
} as const;

/** `perSecond` is of all senders together; `senders` are those of each room. */
export type JitterPlan = Readonly<{ perSecond: number; senders: number; warmMs: number; ms: number }>;
export const JITTER: JitterPlan = { perSecond: 2, senders: 1, warmMs: 3_000, ms: 20_000 };
/** Each of the sockets sends two a second. */
export const JITTER_EACH: JitterPlan = { ...JITTER, perSecond: 2 * MEMBERS, senders: PER_ROOM };

/** Publish → deliver while 1,000 sockets in rooms of 10 listen and so many messages a second are sent (open loop). */
export async function jitter(
  target: Target,
  { perSecond, senders, warmMs, ms }: JitterPlan = JITTER,
): Promise<Measured> {
  const fleet = new Fleet(1);
  try {
    const places = spread({
      members: MEMBERS,
      perRoom: PER_ROOM,
      tokens: await target.tokens(20),
      senders,
    });
    await fleet.open(target.dialect, target.endpoint, places);
    await fleet.run(
      REHEARSAL,
      places.filter(({ sends }) => sends),
    );
    await fleet.settle();
    const plan = { pace: { kind: "rate", perSecond }, warmMs, ms, bodyLength: BODY_LENGTH } as const;
    return await measureRun(target, fleet, plan, { places, perRoom: PER_ROOM });
  } finally {
    await fleet.end();
  }
}
