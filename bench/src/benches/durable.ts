import type { Measured } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";
import { withMembers } from "./with-members.ts";

type DurablePlan = Readonly<{ members: number; each: number; warmMs: number; ms: number }>;
/** 16 each are 160 in a room, which every peer accepts: Tinode refuses from 193 on. */
export const DURABLE: DurablePlan = { members: 200, each: 16, warmMs: 3_000, ms: 10_000 };

/**
 * Durable throughput: members in rooms of 10, all of whom send; each keeps `each` messages in flight, and a message is
 * done when it is acknowledged and delivered back. So the target is always busy and never behind.
 */
export function durable(
  target: Target,
  { members, each, warmMs, ms }: DurablePlan = DURABLE,
): Promise<Measured> {
  const pace = { kind: "window", each } as const;
  return withMembers(target, { members }, ({ measure }) => measure({ pace, warmMs, ms }));
}
