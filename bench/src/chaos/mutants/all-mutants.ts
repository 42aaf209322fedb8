import { ackBeforeLog } from "./ack-before-log.ts";
import { cursorApart } from "./cursor-apart.ts";
import { liveAsTruth } from "./live-as-truth.ts";
import type { Mutant } from "./mutant.ts";
import { noDedup } from "./no-dedup.ts";
import { noEpoch } from "./no-epoch.ts";
import { workqueue } from "./workqueue.ts";

/** Every mutant of the sources. (`default-sync` is one of the server's configuration: see power/.) */
export const MUTANTS: readonly Mutant[] = [
  ackBeforeLog,
  cursorApart,
  noEpoch,
  liveAsTruth,
  noDedup,
  workqueue,
];

/** @throws {Error} that names those that there are. */
export function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant !== undefined) return mutant;
  throw new Error(
    `there is no mutant ${name}, only ${MUTANTS.map((one) => one.name).join(", ")}, default-sync`,
  );
}
