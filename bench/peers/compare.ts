import { DURABLE, durable } from "@parley/bench/benches/durable";
import { FANOUT, fanout } from "@parley/bench/benches/fanout";
import { IDLE, idle } from "@parley/bench/benches/idle";
import { JITTER, jitter } from "@parley/bench/benches/jitter";
import { medianOf } from "@parley/bench/measure/median";
import type { Machine } from "@parley/bench/report/machine";
import { keepFigures } from "@parley/bench/report/results";
import { table } from "@parley/bench/report/table";
import type { Target } from "@parley/bench/targets/target";
import { keepChart } from "./bar-chart.ts";
import type { Contender } from "./contender.ts";

/** How much of each measurement; `runs` of the throughput, of which the median counts. */
type Scale = Readonly<{
  runs: number;
  durableMs: number;
  latencyMs: number;
  fanoutMs: number;
  sockets: number;
}>;
export const QUICK: Scale = { runs: 1, durableMs: 8_000, latencyMs: 4_000, fanoutMs: 5_000, sockets: 4_000 };
export const FULL: Scale = {
  runs: 3,
  durableMs: 10_000,
  latencyMs: 15_000,
  fanoutMs: 10_000,
  sockets: 10_000,
};

/** Messages a second of the latency measurement: what every target can do on a small machine. */
const LATENCY_RATE = 200;
/** Messages a second in the room of 1,000: hardly any, and busy. */
const FANOUT_RATES = [5, 50] as const;

type Titles = Readonly<Record<string, string>>;
type Say = (line: string) => void;

/**
 * The same job for each target, one after the other on the same machine. Gives the tables as Markdown. A peer that fails
 * costs its own figures only, and is named; the process then ends with 1.
 *
 * @throws {Error} if a target does not exist, or none could be measured.
 */
export async function compare(
  contenders: readonly Contender[],
  names: readonly string[],
  scale: Scale,
  machine: Machine,
  say: Say,
): Promise<string> {
  const results: Record<string, Awaited<ReturnType<typeof measureTarget>>> = {};
  const versions: Record<string, object> = {};
  const failures: string[] = [];
  const titles: Record<string, string> = {};
  for (const name of names) {
    const kind = contenders.find((one) => one.name === name);
    if (kind === undefined)
      throw new Error(`there is no target ${name}, only ${contenders.map((one) => one.name).join(", ")}`);
    titles[name] = kind.title;
    const missing = kind.missing();
    if (missing !== undefined) {
      say(`${kind.title}: left out, ${missing}`);
      continue;
    }
    try {
      const target = await kind.start();
      versions[name] = target.versions;
      results[name] = await measureTarget(target, kind, scale, say).finally(() => target.stop());
    } catch (error) {
      process.exitCode = 1;
      failures.push(`${kind.title}: failed, ${error instanceof Error ? error.message : String(error)}`);
      say(String(failures.at(-1)));
    }
  }
  if (Object.keys(results).length === 0) throw new Error("nothing of that can be measured here");
  for (const kind of KINDS) {
    const figures = Object.entries(results).map(([name, result]) => [name, result[kind]]);
    await keepFigures(kind, Object.fromEntries(figures), versions, machine);
  }
  await charts(results, titles);
  return [tables(results, titles), ...failures].join("\n\n");
}

const KINDS = ["durable", "latency", "latencyAfterLoad", "fanout", "fanoutUnhurried", "idle"] as const;
type Results = Readonly<Record<string, Awaited<ReturnType<typeof measureTarget>>>>;

async function measureTarget(target: Target, { title, holder }: Contender, scale: Scale, say: Say) {
  // First, while the process is fresh: later its heap has grown already, and sockets would seem to take nothing.
  const sockets = await idle(target, holder, { ...IDLE, sockets: scale.sockets });
  say(`${title}: ${sockets.kbPerSocket} KB a socket, ${sockets.handshakesPerSecond} handshakes/s`);
  // Before the load, and after it: it leaves much behind (checkpoints, vacuums, an index that catches up).
  const latency = await latencyOf(target, scale);
  say(`${title}: ${LATENCY_RATE}/s, deliver ${fiftyAndNinetyNine(latency)} ms`);
  const runs: Awaited<ReturnType<typeof durable>>[] = [];
  for (let i = 0; i < scale.runs; i += 1) {
    const run = await durable(target, { ...DURABLE, ms: scale.durableMs });
    runs.push(run);
    say(`${title}: ${run.perSecond}/s durable, p99 ${run.deliverMs.p99} ms when full`);
  }
  const latencyAfterLoad = await latencyOf(target, scale);
  say(`${title}: ${LATENCY_RATE}/s right after the load, ${fiftyAndNinetyNine(latencyAfterLoad)} ms`);
  const [unhurried, busy] = await fanout(target, holder, {
    ...FANOUT,
    rates: FANOUT_RATES,
    ms: scale.fanoutMs,
  });
  if (unhurried === undefined || busy === undefined) throw new Error("no fan-out was measured");
  say(`${title}: ${busy.deliveriesPerHolderCpuSecond} deliveries in a CPU second`);
  return {
    durable: medianOf(runs, ({ perSecond }) => perSecond),
    latency,
    latencyAfterLoad,
    fanout: busy,
    fanoutUnhurried: unhurried,
    idle: sockets,
  };
}

const latencyOf = (target: Target, { latencyMs }: Scale) =>
  jitter(target, { ...JITTER, perSecond: LATENCY_RATE, ms: latencyMs });

const fiftyAndNinetyNine = ({ deliverMs }: Awaited<ReturnType<typeof jitter>>) =>
  `${deliverMs.p50} / ${deliverMs.p99}`;

async function charts(results: Results, titles: Titles): Promise<void> {
  const bars = (value: (result: Results[string]) => number, unit: string) =>
    Object.entries(results).map(([name, result]) => ({
      name: titles[name] ?? name,
      value: value(result),
      unit,
    }));
  await keepChart(
    "durable",
    "Messages a second: acknowledged, stored, delivered to all",
    bars((r) => r.durable.perSecond, "/s"),
  );
  await keepChart(
    "latency",
    `Publish to deliver, p99, at ${LATENCY_RATE} messages a second`,
    bars((r) => r.latency.deliverMs.p99, "ms"),
  );
  await keepChart(
    "fanout",
    "Deliveries in a CPU second, room of 1,000",
    bars((r) => r.fanout.deliveriesPerHolderCpuSecond, ""),
  );
  await keepChart(
    "idle",
    "Memory of an idle socket",
    bars((r) => r.idle.kbPerSocket, "KB"),
  );
}

function tables(results: Results, titles: Titles): string {
  const rows = Object.entries(results).map(
    ([name, { durable: run, latency, latencyAfterLoad: after, ...rest }]) => {
      const { fanout: room, fanoutUnhurried: unhurried, idle: sockets } = rest;
      const { driver: _driver, ...cpu } = run.cpuUsPerMessage;
      const anomalies = [run, latency, after, room.run, unhurried.run].map(({ anomalies: a }) => a);
      const sum = (of: (a: (typeof anomalies)[number]) => number) =>
        anomalies.reduce((total, a) => total + of(a), 0);
      return [
        titles[name] ?? name,
        run.perSecond,
        Math.round(Object.values(cpu).reduce((total, us) => total + us, 0)),
        fiftyAndNinetyNine(latency),
        fiftyAndNinetyNine(after),
        room.deliveriesPerHolderCpuSecond,
        unhurried.deliveriesPerHolderCpuSecond,
        sockets.kbPerSocket,
        sockets.handshakesPerCpuSecond,
        sum((a) => a.lost),
        sum((a) => a.refused),
        sum((a) => a.duplicates),
        sum((a) => a.reordered),
      ];
    },
  );
  const head = [
    "",
    "durable/s",
    "CPU µs each",
    `p50 / p99 ms at ${LATENCY_RATE}/s`,
    "right after the load",
    `deliveries/CPU s at ${FANOUT_RATES[1]}/s`,
    `at ${FANOUT_RATES[0]}/s`,
    "KB/socket",
    "handshakes/CPU s",
  ];
  return table([...head, "lost", "refused", "duplicate", "reordered"], rows);
}
