import { ownEnvironment, variable } from "@parley/devstack/environment";
import { errorText, say } from "@parley/devstack/terminal";
import type { Verdict } from "../checker.ts";
import { runOnce, SENDS_PER_SECOND } from "../run-once.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";

const SEED = 7;

/** Runs one mutant as `make chaos MUTANT=…` does; gives what the checker found, or undefined if it did not run. */
async function verdictOn({ name }: Mutant, seed: number): Promise<Verdict | undefined> {
  const options = { seed, durationS: 0, sendsPerSecond: SENDS_PER_SECOND, say: () => undefined };
  return runOnce({ ...options, mutant: name }).then(
    ({ verdict }) => verdict,
    (error: unknown) => void say(errorText(error)),
  );
}

/** `make mutants`: every mutant of the sources must be found by the checker. Exits 1 if one is not. */
async function main(): Promise<number> {
  const seed = Number(variable(ownEnvironment(), "SEED") ?? SEED);
  let missed = 0;
  for (const mutant of MUTANTS) {
    const verdict = await verdictOn(mutant, seed);
    const found = Object.entries(verdict?.counts ?? {}).filter(([, count]) => count > 0);
    const isFound = mutant.shows.some((column) => (verdict?.counts[column] ?? 0) > 0);
    if (!isFound) missed += 1;
    const columns =
      found.map(([column, count]) => `${count} ${column}`).join(", ") ||
      (verdict ? "nothing" : "did not run");
    say(`${isFound ? "found " : "MISSED"}  ${mutant.name.padEnd(16)}${columns.padEnd(40)}${mutant.breaks}`);
  }
  say(`${MUTANTS.length - missed} of ${MUTANTS.length} mutants found`);
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(errorText(error));
  return 2;
});
