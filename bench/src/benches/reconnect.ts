import type { Measured } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";
import { RESUMING, withMembers } from "./with-members.ts";

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

/** Clients that lose their connection again and again while messages are sent; they resume by seq. */
export function reconnect(target: ParleyTarget, plan: ReconnectPlan = RECONNECT): Promise<Measured> {
  const { members, perSecond, ms, everyMs, offlineMs } = plan;
  return withMembers(target, { members, senders: 1, tokens: 200, dialect: RESUMING }, ({ measure }) =>
    measure({ pace: { kind: "rate", perSecond }, warmMs: 1_000, ms, cuts: { everyMs, offlineMs } }),
  );
}
