import { type Environment, ownEnvironment, variable } from "@parley/devstack/environment";
import { errorText, say, timedProgress } from "@parley/devstack/terminal";
import { runControl } from "./power/run-cuts.ts";
import { tableOf } from "./report.ts";
import { runOnce, SENDS_PER_SECOND } from "./run-once.ts";

const SEED = 7;
const DURATION_S = 180;

function numberOf(env: Environment, name: string, otherwise: number): number {
  const value = Number(variable(env, name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1 on`);
  return value;
}

/** `make chaos`: one run. Exits 0 if nothing is wrong, 1 if something is, 2 if it could not be run. */
async function main(): Promise<number> {
  const env = ownEnvironment();
  const mutant = variable(env, "MUTANT");
  if (mutant === "default-sync") {
    const { verdict, sends } = await runControl();
    const { lost } = verdict.counts;
    say(`default sync_interval: ${lost} of ${verdict.acked} acknowledged lost (${sends} sends)`);
    return lost > 0 ? 1 : 0;
  }
  const report = await runOnce({
    seed: numberOf(env, "SEED", SEED),
    durationS: numberOf(env, "DURATION_S", DURATION_S),
    sendsPerSecond: numberOf(env, "SENDS_PER_SECOND", SENDS_PER_SECOND),
    mutant,
    revision: variable(env, "REVISION"),
    say: timedProgress(),
  });
  say(tableOf(report));
  return report.ok ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(errorText(error));
  return 2;
});
