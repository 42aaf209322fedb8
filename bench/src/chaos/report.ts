import { COLUMNS, type Column } from "./checker.ts";
import { FAULT_KINDS, type FaultKind } from "./faults.ts";
import type { Outcome } from "./run.ts";

/** Limits of a run; the amounts are required from this duration on. */
const WHOLE_RUN_S = 180;
const FAULTS_LEAST = 60;
const SENDS_LEAST = 100_000;
const EACH_KIND_LEAST = 5;
const UNKNOWN_SHARE_MOST = 0.005;
const ACCEPTED_AGAIN_MOST_MS = 5_000;
/** All pools of auth and two ws-consumers, each with a connection for looks, and the harness' own two. */
const BACKENDS_MOST = 8 + 1 + 2 * (28 + 7) + 2;
const BACKLOG_MOST_MS = 30_000;

type Asked = Readonly<{
  seed: number;
  durationS: number;
  mutant: string | undefined;
  /** Those that happen one by one; undefined: all kinds at random. */
  kinds: readonly FaultKind[] | undefined;
  /** End of the make target's name. */
  what: string;
}>;

export type Report = Readonly<{
  ok: boolean;
  /** The command that repeats the run. */
  command: string;
  /** Everything that is wrong, as text. */
  failures: readonly string[];
}> &
  Asked &
  Outcome;

/** Judges a run. */
export function reportOf(asked: Asked, outcome: Outcome): Report {
  const failures = [...anomalies(outcome), ...limits(outcome)];
  if (asked.durationS >= WHOLE_RUN_S && asked.mutant === undefined && asked.kinds === undefined)
    failures.push(...amounts(outcome));
  const what = asked.mutant === undefined ? `DURATION_S=${asked.durationS}` : `MUTANT=${asked.mutant}`;
  const command = `make chaos${asked.what.replace(/-(a?synchronous)$/, "")} SEED=${asked.seed} ${what}`;
  return { ok: failures.length === 0, command, failures, ...asked, ...outcome };
}

function anomalies({ verdict: { counts, samples }, troubles, copies }: Outcome): string[] {
  const wrong = (Object.keys(COLUMNS) as Column[]).filter((column) => counts[column] > 0);
  const texts = wrong.map((name) => `${counts[name]} ${name} (${COLUMNS[name]}): ${samples[name]?.[0]}`);
  return [...texts, ...troubles, ...(copies?.differing.map((one) => `nodes differ: ${one}`) ?? [])];
}

function limits({ verdict, timing, backlogMs, sends, failover }: Outcome): string[] {
  const failures: string[] = [];
  const { backendsMost = 0 } = failover ?? {};
  if (backendsMost > BACKENDS_MOST) failures.push(`Postgres had ${backendsMost} backends`);
  const slowest = Math.max(0, ...timing.acceptedAgainMs);
  if (verdict.unknown > sends * UNKNOWN_SHARE_MOST)
    failures.push(`${verdict.unknown} unknown outcomes of ${sends}`);
  if (slowest >= ACCEPTED_AGAIN_MOST_MS) failures.push(`sends were accepted again only after ${slowest} ms`);
  if (backlogMs.some((ms) => ms === null || ms >= BACKLOG_MOST_MS))
    failures.push(`the backlog was not gone in time: ${backlogMs.join(", ")} ms`);
  return failures;
}

function amounts({ faults, sends }: Outcome): string[] {
  const failures: string[] = [];
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  if (total < FAULTS_LEAST) failures.push(`only ${total} faults`);
  if (sends < SENDS_LEAST) failures.push(`only ${sends} sends`);
  for (const { name } of FAULT_KINDS)
    if ((faults[name] ?? 0) < EACH_KIND_LEAST) failures.push(`${name} happened ${faults[name] ?? 0} times`);
  return failures;
}

function oneByOneLines(
  { timing, copies, failover }: Report,
  kinds: readonly FaultKind[],
): (readonly [string, string])[] {
  const gaps = timing.gapsMs.map((ms, i) => `${kinds[i % kinds.length]?.name} ${ms.toLocaleString("en")} ms`);
  const commands =
    failover &&
    ([
      [
        "groups made",
        `${failover.made}, of which ${failover.lost} are lost; answers ${JSON.stringify(failover.answers)}`,
      ],
      ["longest time without one", `${failover.gapMs} ms`],
      ["most backends", String(failover.backendsMost)],
    ] as const);
  return [
    ["longest wait for an ack", gaps.join(", ")],
    ...(commands ?? []),
    ...(copies?.equal ?? []).map((one) => ["equal on all nodes", one] as const),
  ];
}

/** The report as a table for a terminal. */
export function tableOf(report: Report): string {
  const { verdict, timing, sends, durationMs, faults } = report;
  const rate = Math.round(sends / (durationMs / 1_000));
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const lines: (readonly [string, string | number])[] = [
    ["sends", `${sends} (${rate}/s), ${verdict.acked} acknowledged`],
    ["unknown outcomes", `${verdict.unknown} (${((100 * verdict.unknown) / (sends || 1)).toFixed(3)} %)`],
    [
      "received by members",
      `${verdict.received}, ${report.gaps} gaps filled, ${report.looks} looked up at once`,
    ],
    [
      "faults",
      `${total} of ${Object.keys(faults).length} kinds, each ≥ ${Math.min(...Object.values(faults))} times`,
    ],
    ...Object.entries(COLUMNS).map(
      ([column, meaning]) => [column, `${verdict.counts[column as Column]}  ${meaning}`] as const,
    ),
    ["longest outage of sends", `${timing.longestOutageMs} ms`],
    ["accepted again after heal", `${timing.acceptedAgainMs.join(", ")} ms`],
    ["backlog 0 after heal", `${report.backlogMs.map((ms) => ms ?? "never").join(", ")} ms`],
    ["closes and refusals", JSON.stringify(report.refusals)],
    ...(report.kinds ? oneByOneLines(report, report.kinds) : []),
  ];
  const table = lines.map(([name, value]) => `  ${name.padEnd(27)}${value}`).join("\n");
  const end = report.ok
    ? "nothing is wrong"
    : report.failures.map((failure) => `WRONG: ${failure}`).join("\n");
  return `chaos${report.what}, seed ${report.seed}, ${report.durationS} s${report.mutant ? `, mutant ${report.mutant}` : ""}\n${table}\n${end}\nagain: ${report.command}`;
}
