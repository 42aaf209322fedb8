import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { errorText, say, timedProgress } from "@parley/devstack/terminal";
import { baseFolder, previousTag } from "../base-folder.ts";
import type { Verdict } from "./checker.ts";
import { drainSockets } from "./drain-sockets.ts";
import { MUTANTS } from "./mutants/mutants.ts";
import { runCuts } from "./power/run-cuts.ts";
import { tableOf } from "./report.ts";
import { runOnce } from "./run-once.ts";
import { update } from "./update.ts";

/** A variable that is a whole number from 1 on. */
function numberOf(name: string, otherwise: number): number {
  const value = Number(variable(ownEnvironment(), name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1 on`);
  return value;
}

function anomaliesOf(verdict: Verdict): string {
  const found = Object.entries(verdict.counts).filter(([, count]) => count > 0);
  return found.map(([column, count]) => `${count} ${column}`).join(", ") || "nothing is wrong";
}

const CONTROL_CUTS = 2;
/** Both faults once: a primary dies once. */
const FAILOVER_S = 25;
const seed = numberOf("SEED", 7);

/** `make chaos`: one run. Exits 0 if nothing is wrong, 1 if something is. */
const chaos = () =>
  show({ durationS: numberOf("DURATION_S", 180), mutant: variable(ownEnvironment(), "MUTANT") });

/** `make chaos-cluster`: the same with three nats-servers, and their faults. */
const cluster = () => show({ durationS: numberOf("DURATION_S", 65), isCluster: true });

/** `make chaos-failover`: Postgres' primary is killed and its standby promoted, which commits wait for, or do not. */
async function failover(): Promise<number> {
  const first = await show({ durationS: FAILOVER_S, replication: "synchronous" });
  // What it loses is told, and no failure.
  await show({ durationS: FAILOVER_S, replication: "asynchronous" });
  return first;
}

/** `make chaos-drain`: a ws-consumer is drained of its sockets, which come back to another one. */
async function drain(): Promise<number> {
  const [sockets, drainMs] = [numberOf("SOCKETS", 5_000), numberOf("DRAIN_S", 60) * 1_000];
  return (await drainSockets({ sockets, drainMs, say: timedProgress() })) ? 0 : 1;
}

/** `make chaos-update`: an earlier version is replaced by this one under load, process by process. */
async function updateFrom(): Promise<number> {
  const base = variable(ownEnvironment(), "BASE") ?? previousTag();
  if (base === undefined) {
    say(
      "there is no tag before this commit: name what to update from, make chaos-update BASE=<tag, commit or folder>",
    );
    return 2;
  }
  return (await update({ folder: baseFolder(base), seed, say: timedProgress() })) ? 0 : 1;
}

async function show(options: Omit<Parameters<typeof runOnce>[0], "seed" | "say">): Promise<number> {
  const report = await runOnce({ ...options, seed, say: timedProgress() });
  say(tableOf(report));
  return report.ok ? 0 : 1;
}

/** `make mutants`: the checker must find every mutant of the sources. Exits 1 if it misses one. */
async function mutants(): Promise<number> {
  let missed = 0;
  for (const { name, shows, breaks } of MUTANTS) {
    const options = { seed, durationS: 0, mutant: name, say: () => undefined };
    const verdict = await runOnce(options).then(
      (report) => report.verdict,
      (error: unknown) => void say(errorText(error)),
    );
    const isFound = shows.some((column) => (verdict?.counts[column] ?? 0) > 0);
    if (!isFound) missed += 1;
    const columns = verdict === undefined ? "did not run" : anomaliesOf(verdict);
    say(`${isFound ? "found " : "MISSED"}  ${name.padEnd(16)}${columns.padEnd(40)}${breaks}`);
  }
  say(`${MUTANTS.length - missed} of ${MUTANTS.length} mutants found`);
  return missed === 0 ? 0 : 1;
}

/** `make chaos-power`: NATS that syncs each write must lose nothing; the control, NATS by default, must lose something. */
async function power(): Promise<number> {
  const nodes = numberOf("NODES", 1);
  const outcome = await runCuts({ cuts: numberOf("CUTS", 20), sync: "always", nodes, say: timedProgress() });
  const control = await runCuts({ cuts: CONTROL_CUTS, sync: "default", nodes, say: timedProgress() });
  const folder = join(REPOSITORY, "bench/results");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, `chaos-power${nodes > 1 ? `-${nodes}` : ""}.json`),
    `${JSON.stringify({ outcome, control }, null, 2)}\n`,
  );
  for (const { sync, nodes, cuts, sends, verdict } of [outcome, control])
    say(
      `${nodes} nats-server, sync_interval ${sync}: ${cuts} cuts, ${sends} sends, ${verdict.acked} acked: ${anomaliesOf(verdict)}`,
    );
  const hasControl = control.verdict.counts.lost > 0;
  if (!hasControl) say("the control lost nothing: this machine does not show what a power cut does");
  const isWell = Object.values(outcome.verdict.counts).every((count) => count === 0);
  return isWell && hasControl ? 0 : 1;
}

const command =
  { mutants, cluster, failover, drain, update: updateFrom, power }[process.argv[2] ?? ""] ?? chaos;
process.exitCode = await command().catch((error: unknown) => {
  say(errorText(error));
  // It could not be run.
  return 2;
});
