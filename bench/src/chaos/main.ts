import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { errorText, say, timedProgress } from "@parley/devstack/terminal";
import { FAULT_KINDS } from "./faults.ts";
import { reportOf, tableOf } from "./report.ts";
import { runChaos } from "./run.ts";
import { planSchedule } from "./schedule.ts";

const SEED = 7;
const DURATION_S = 180;
const SENDS_PER_SECOND = 700;

function numberOf(env: Environment, name: string, otherwise: number): number {
  const value = Number(variable(env, name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1 on`);
  return value;
}

/** `make chaos`: one run. Exits 0 if nothing is wrong, 1 if something is, 2 if it could not be run. */
async function main(): Promise<number> {
  const env = ownEnvironment();
  const seed = numberOf(env, "SEED", SEED);
  const durationS = numberOf(env, "DURATION_S", DURATION_S);
  const schedule = planSchedule(seed, durationS * 1_000, FAULT_KINDS);
  const outcome = await runChaos({
    schedule,
    sendsPerSecond: numberOf(env, "SENDS_PER_SECOND", SENDS_PER_SECOND),
    say: timedProgress(),
  });
  const report = reportOf({ seed, durationS, mutant: undefined }, outcome);
  const folder = join(REPOSITORY, "bench/results");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `chaos-${seed}.json`), `${JSON.stringify(report, null, 2)}\n`);
  say(tableOf(report));
  return report.ok ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(errorText(error));
  return 2;
});
