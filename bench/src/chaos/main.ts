import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { errorText, say, timedProgress } from "@parley/devstack/terminal";
import { mutantNamed } from "./mutants/mutants.ts";
import { runControl } from "./power/run-cuts.ts";
import { reportOf, tableOf } from "./report.ts";
import { runChaos } from "./run.ts";
import { planSchedule, scriptedSchedule } from "./schedule.ts";
import { makeSourceTree } from "./source-tree.ts";

const SEED = 7;
const DURATION_S = 180;
const SENDS_PER_SECOND = 800;
/** Not in git. */
const RESULTS = join(REPOSITORY, "bench/results");

function numberOf(env: Environment, name: string, otherwise: number): number {
  const value = Number(variable(env, name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1 on`);
  return value;
}

/** `make chaos`: one run. Exits 0 if nothing is wrong, 1 if something is, 2 if it could not be run. */
async function main(): Promise<number> {
  const env = ownEnvironment();
  const seed = numberOf(env, "SEED", SEED);
  const name = variable(env, "MUTANT");
  if (name === "default-sync") {
    const { verdict, sends } = await runControl();
    const { lost } = verdict.counts;
    say(`default sync_interval: ${lost} of ${verdict.acked} acknowledged lost (${sends} sends)`);
    return lost > 0 ? 1 : 0;
  }
  const mutant = name === undefined ? undefined : mutantNamed(name);
  const schedule =
    mutant === undefined
      ? planSchedule(seed, numberOf(env, "DURATION_S", DURATION_S) * 1_000)
      : scriptedSchedule(seed, mutant.script);
  const revision = variable(env, "REVISION");
  const isCopy = mutant !== undefined || revision !== undefined;
  const tree = isCopy ? await makeSourceTree(name ?? "sources", mutant?.patches ?? [], revision) : undefined;
  try {
    const outcome = await runChaos({
      schedule,
      sendsPerSecond: numberOf(env, "SENDS_PER_SECOND", SENDS_PER_SECOND),
      tree,
      statements: mutant?.statements,
      keptLogs: join(RESULTS, `chaos-${seed}${mutant ? `-${mutant.name}` : ""}-logs`),
      say: timedProgress(),
    });
    const report = reportOf({ seed, durationS: schedule.durationMs / 1_000, mutant: name }, outcome);
    await mkdir(RESULTS, { recursive: true });
    const file = join(RESULTS, `chaos-${seed}${mutant ? `-${mutant.name}` : ""}.json`);
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
    say(tableOf(report));
    return report.ok ? 0 : 1;
  } finally {
    await tree?.remove();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  say(errorText(error));
  return 2;
});
