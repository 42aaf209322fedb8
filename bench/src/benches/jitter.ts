import type { Measured } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { BODY_LENGTH, PER_ROOM, withMembers } from "./with-members.ts";

const MEMBERS = 1_000;
/** Traffic in every room first: a new process runs uncompiled code, and asks once about each room. */
const WARM_UP = {
  pace: { kind: "rate", perSecond: 200 },
  warmMs: 0,
  ms: 3_000,
  bodyLength: BODY_LENGTH,
} as const;

/** `perSecond` is of all senders together; `senders` are those of each room. */
type JitterPlan = Readonly<{ perSecond: number; senders: number; ms: number }>;
export const JITTER: JitterPlan = { perSecond: 2, senders: 1, ms: 20_000 };
/** Each socket sends two per second. */
export const JITTER_EACH: JitterPlan = { ...JITTER, perSecond: 2 * MEMBERS, senders: PER_ROOM };

/** Publish to deliver while 1,000 sockets in rooms of 10 listen, at a fixed rate (open loop). */
export function jitter(target: Target, { perSecond, senders, ms }: JitterPlan = JITTER): Promise<Measured> {
  return withMembers(target, { members: MEMBERS, senders }, async ({ generator, measure }) => {
    await generator.run(WARM_UP);
    await generator.settle();
    return measure({ pace: { kind: "rate", perSecond }, warmMs: 3_000, ms });
  });
}
