import { say, timedProgress } from "@parley/devstack/terminal";
import type { SourceTree } from "../source-tree.ts";
import { runCuts } from "./run-cuts.ts";

/** Cuts of the control: each loses something. */
export const CONTROL_CUTS = 2;

/** `make chaos MUTANT=default-sync`: NATS with its default sync_interval and power cuts. 1 if something is lost. */
export async function runControl(tree?: SourceTree): Promise<number> {
  const { verdict, sends } = await runCuts({
    cuts: CONTROL_CUTS,
    sync: "default",
    tree,
    say: timedProgress(),
  });
  const { lost } = verdict.counts;
  say(
    `control with the default sync_interval: ${lost} of ${verdict.acked} acknowledged lost (${sends} sends)`,
  );
  return lost > 0 ? 1 : 0;
}
