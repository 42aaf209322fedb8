import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { errorText, say } from "@parley/devstack/terminal";
import type { Verdict } from "../checker.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";

const SEED = "7";
/** No mutant runs so long, ms. */
const DEADLINE_MS = 300_000;

/** Runs one mutant as `make chaos MUTANT=…` does, and gives what the checker found; nothing if it did not run. */
async function verdictOn({ name }: Mutant, seed: string): Promise<Verdict | undefined> {
  const file = join(REPOSITORY, `bench/results/chaos-${seed}-${name}.json`);
  await rm(file, { force: true });
  const child = spawn(process.execPath, [join(import.meta.dirname, "../main.ts")], {
    env: { ...ownEnvironment(), MUTANT: name, SEED: seed },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const timer = setTimeout(() => child.kill("SIGTERM"), DEADLINE_MS);
  await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { verdict: Verdict }).verdict;
}

/** `make mutants`: every mutant of the sources must be found by the checker. Exits 1 if one is not. */
async function main(): Promise<number> {
  const seed = variable(ownEnvironment(), "SEED") ?? SEED;
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
