import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { mutantNamed } from "./mutants/mutants.ts";
import { type Report, reportOf } from "./report.ts";
import { runChaos } from "./run.ts";
import { clusterSchedule, planSchedule, scriptedSchedule } from "./schedule.ts";
import { makeSourceTree } from "./source-tree.ts";

/** Not in git. */
const RESULTS = join(REPOSITORY, "bench/results");

type ChaosOptions = Readonly<{
  seed: number;
  /** Of the schedule; a mutant has a script of its own. */
  durationS: number;
  mutant?: string | undefined;
  /** Three nats-servers, and their faults. */
  isCluster?: boolean;
  say: (line: string) => void;
}>;

/**
 * One run. Its report is also written to `bench/results/chaos-<seed>[-<mutant>].json`, with the logs beside it.
 *
 * @throws {Error} if it could not be run: no such mutant, or a stack that does not start.
 */
export async function runOnce(options: ChaosOptions): Promise<Report> {
  const { seed, durationS, isCluster = false, say } = options;
  const mutant = options.mutant === undefined ? undefined : mutantNamed(options.mutant);
  const plan = isCluster ? clusterSchedule : planSchedule;
  const schedule =
    mutant === undefined ? plan(seed, durationS * 1_000) : scriptedSchedule(seed, mutant.script);
  const name = `chaos${isCluster ? "-cluster" : ""}-${seed}${mutant ? `-${mutant.name}` : ""}`;
  const tree = mutant && (await makeSourceTree(name, mutant.patches));
  try {
    const outcome = await runChaos({
      schedule,
      tree,
      isCluster,
      statements: mutant?.statements,
      keptLogs: join(RESULTS, `${name}-logs`),
      say,
    });
    const report = reportOf(
      { seed, durationS: schedule.durationMs / 1_000, mutant: mutant?.name, isCluster },
      outcome,
    );
    await mkdir(RESULTS, { recursive: true });
    await writeFile(join(RESULTS, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  } finally {
    await tree?.remove();
  }
}
