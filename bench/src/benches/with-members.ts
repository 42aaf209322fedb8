import type { RunPlan } from "../load/commands.ts";
import type { MemberSpec } from "../load/connection.ts";
import { LoadGenerator } from "../load/load-generator.ts";
import { spreadMembers } from "../load/member-specs.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";

/** Default length of a message's body, characters. */
export const BODY_LENGTH = 200;
/** Default number of members of a room. */
export const PER_ROOM = 10;

/** Distinct credentials, which members share. */
const TOKENS = 20;

export type Membership = Readonly<{
  members: number;
  perRoom?: number;
  /** Senders of each room; default: all. */
  senders?: number;
  /** Changes the members before they are opened. */
  change?: (spec: MemberSpec) => MemberSpec;
}>;

type Load = Readonly<{
  generator: LoadGenerator;
  /** One run with these members; by default with bodies of `BODY_LENGTH` and a warm-up of 2 s. */
  measure: (plan: Partial<RunPlan> & Pick<RunPlan, "pace" | "ms">) => Promise<Measured>;
}>;

/** Opens members in one worker process, lets `work` use them, and ends the worker in any case. */
export async function withMembers<T>(
  target: Target,
  membership: Membership,
  work: (load: Load) => Promise<T>,
): Promise<T> {
  const { members, perRoom = PER_ROOM, senders = perRoom } = membership;
  await using generator = new LoadGenerator();
  const tokens = await target.tokens(TOKENS);
  const spread = spreadMembers({ members, perRoom, tokens, senders });
  const specs = membership.change === undefined ? spread : spread.map(membership.change);
  await generator.open(target.dialect, target.endpoint, specs);
  const measure: Load["measure"] = (plan) =>
    measureRun(target, generator, { warmMs: 2_000, bodyLength: BODY_LENGTH, ...plan }, perRoom);
  return await work({ generator, measure });
}
