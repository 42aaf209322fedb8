import { pause } from "@parley/runtime/deadline";
import type { Measured } from "../measure/run.ts";
import type { ParleyTarget } from "../targets/parley.ts";
import { RESUMING, withMembers } from "./with-members.ts";

export type RestartPlan = Readonly<{ members: number; perSecond: number; beforeMs: number; afterMs: number }>;
export const RESTART: RestartPlan = { members: 5_000, perSecond: 100, beforeMs: 3_000, afterMs: 25_000 };

/** The only consumer is restarted gracefully while messages are sent: how long until all members are back. */
export function restart(target: ParleyTarget, plan: RestartPlan = RESTART): Promise<Measured> {
  const { members, perSecond, beforeMs, afterMs } = plan;
  const membership = { members, senders: 1, tokens: members, dialect: RESUMING };
  return withMembers(target, membership, async ({ measure }) => {
    const pace = { kind: "rate", perSecond } as const;
    const measuring = measure({ pace, warmMs: 500, ms: beforeMs + afterMs });
    await pause(beforeMs);
    await target.restart("ws-consumer");
    return measuring;
  });
}
