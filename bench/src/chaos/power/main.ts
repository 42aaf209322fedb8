import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { errorText, say, timedProgress } from "@parley/devstack/terminal";
import { makeSourceTree, type SourceTree } from "../source-tree.ts";
import { type CutsOutcome, runControl, runCuts } from "./run-cuts.ts";

const CUTS = 20;

function line({ sync, cuts, sends, verdict }: CutsOutcome): string {
  const wrong = Object.entries(verdict.counts).filter(([, count]) => count > 0);
  const columns = wrong.map(([column, count]) => `${count} ${column}`).join(", ") || "nothing is wrong";
  return `sync_interval ${sync}: ${cuts} power cuts, ${sends} sends, ${verdict.acked} acknowledged: ${columns}`;
}

/** `make chaos-power`: the log as it must be loses nothing; the control as NATS comes must lose something. */
async function main(): Promise<number> {
  const cuts = Number(variable(ownEnvironment(), "CUTS") ?? CUTS);
  const revision = variable(ownEnvironment(), "REVISION");
  const tree = revision === undefined ? undefined : await makeSourceTree("power", [], revision);
  try {
    return await cutAndReport(cuts, tree);
  } finally {
    await tree?.remove();
  }
}

async function cutAndReport(cuts: number, tree: SourceTree | undefined): Promise<number> {
  const outcome = await runCuts({ cuts, sync: "always", tree, say: timedProgress() });
  const control = await runControl(tree);
  const folder = join(REPOSITORY, "bench/results");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "chaos-power.json"), `${JSON.stringify({ outcome, control }, null, 2)}\n`);
  say(line(outcome));
  say(line(control));
  const hasControl = control.verdict.counts.lost > 0;
  if (!hasControl) say("the control lost nothing: this machine does not show what a power cut does");
  const isWell = Object.values(outcome.verdict.counts).every((count) => count === 0);
  return isWell && hasControl ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  say(errorText(error));
  return 2;
});
