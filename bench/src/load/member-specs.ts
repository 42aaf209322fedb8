import { randomBytes } from "node:crypto";
import type { MemberSpec } from "./connection.ts";

type SpreadPlan = Readonly<{
  members: number;
  perRoom: number;
  tokens: readonly string[];
  /** Which of a room's members send; default: all. */
  senders?: number;
}>;

/** Members spread over rooms with new names, so that a run never meets what an earlier one left. */
export function spreadMembers({ members, perRoom, tokens, senders = perRoom }: SpreadPlan): MemberSpec[] {
  const prefix = `b${randomBytes(4).toString("hex")}`;
  return Array.from({ length: members }, (_, index) => ({
    index,
    room: `${prefix}-${Math.floor(index / perRoom)}`,
    token: tokens[index % Math.max(1, tokens.length)] ?? "",
    sends: index % perRoom < senders,
    listens: true,
  }));
}
