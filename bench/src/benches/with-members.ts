import type { RunPlan } from "../load/commands.ts";
import type { MemberSpec } from "../load/connection.ts";
import { LoadGenerator } from "../load/load-generator.ts";
import { spreadMembers } from "../load/member-specs.ts";
import { type Measured, measureRun } from "../measure/run.ts";
import type { Target } from "../targets/target.ts";

/** Characters of a message's body where a bench does not say otherwise. */
export const BODY_LENGTH = 200;
/** Members of a room where a bench does not say otherwise. */
export const PER_ROOM = 10;
/** Parley's dialect that reconnects and resumes by seq. */
export const RESUMING = import.meta.resolve("../dialects/parley-resuming.ts");

export type Membership = Readonly<{
  members: number;
  perRoom?: number;
  /** Senders of each room; default: all. */
  senders?: number;
  /** Distinct credentials, which members share; default 20. */
  tokens?: number;
  dialect?: string;
  /** Changes the members before they are opened. */
  change?: (spec: MemberSpec) => MemberSpec;
}>;

export type Load = Readonly<{
  generator: LoadGenerator;
  specs: readonly MemberSpec[];
  /** One run with these members; bodies are of `BODY_LENGTH` and the warm-up takes 2 s if nothing is said. */
  measure: (plan: Partial<RunPlan> & Pick<RunPlan, "pace" | "ms">) => Promise<Measured>;
}>;

/** Opens members in one worker process, lets `work` use them, and ends the worker in any case. */
export async function withMembers<T>(
  target: Target,
  membership: Membership,
  work: (load: Load) => Promise<T>,
): Promise<T> {
  const { members, perRoom = PER_ROOM, senders = perRoom, dialect = target.dialect } = membership;
  const generator = new LoadGenerator();
  try {
    const tokens = await target.tokens(membership.tokens ?? 20);
    const spread = spreadMembers({ members, perRoom, tokens, senders });
    const specs = membership.change === undefined ? spread : spread.map(membership.change);
    await generator.open(dialect, target.endpoint, specs);
    const measure: Load["measure"] = (plan) =>
      measureRun(target, generator, { warmMs: 2_000, bodyLength: BODY_LENGTH, ...plan }, { specs, perRoom });
    return await work({ generator, specs, measure });
  } finally {
    await generator.end();
  }
}
