import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { CLUSTER_KINDS, FAILOVER_KINDS } from "./faults.ts";
import { mutantNamed } from "./mutants/mutants.ts";
import type { Replication } from "./postgres-pair.ts";
import { type Report, reportOf } from "./report.ts";
import { runChaos } from "./run.ts";
import { oneByOne, planSchedule, scriptedSchedule } from "./schedule.ts";
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
  /** A Postgres with a standby, which is promoted. */
  replication?: Replication;
  say: (line: string) => void;
}>;

/**
 * One run. Its report is also written to `bench/results/chaos-<seed>[-<mutant>].json`, with the logs beside it.
 *
 * @throws {Error} if it could not be run: no such mutant, or a stack that does not start.
 */
export async function runOnce(options: ChaosOptions): Promise<Report> {
  const { seed, durationS, isCluster = false, replication, say } = options;
  const mutant = options.mutant === undefined ? undefined : mutantNamed(options.mutant);
  const kinds = isCluster ? CLUSTER_KINDS : replication && FAILOVER_KINDS;
  const plan = (ms: number) => (kinds ? oneByOne(kinds, seed, ms) : planSchedule(seed, ms));
  const schedule = mutant === undefined ? plan(durationS * 1_000) : scriptedSchedule(seed, mutant.script);
  const what = isCluster ? "-cluster" : replication ? `-failover-${replication}` : "";
  const name = `chaos${what}-${seed}${mutant ? `-${mutant.name}` : ""}`;
  const tree = mutant && (await makeSourceTree(name, mutant.patches));
  try {
    const outcome = await runChaos({
      schedule,
      tree,
      isCluster,
      replication,
      statements: mutant?.statements,
      keptLogs: join(RESULTS, `${name}-logs`),
      say,
    });
    const report = reportOf(
      { seed, durationS: schedule.durationMs / 1_000, mutant: mutant?.name, kinds, what },
      outcome,
    );
    await mkdir(RESULTS, { recursive: true });
    await writeFile(join(RESULTS, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
    return report;
  } finally {
    await tree?.remove();
  }
}
