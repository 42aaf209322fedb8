/** `node bench/src/main.ts <what> [arguments]`: Parley alone; the Makefile's bench-* targets call it. */

import { GROWTH, growth } from "./benches/growth.ts";
import { IDLE, idle } from "./benches/idle.ts";
import { JITTER, JITTER_EACH, jitter } from "./benches/jitter.ts";
import type { Percentiles } from "./load/latency.ts";
import type { Measured } from "./measure/run.ts";
import { describeMachine, machineLine } from "./report/machine.ts";
import { keepFigures } from "./report/results.ts";
import { table } from "./report/table.ts";
import { startParley } from "./targets/parley.ts";
import type { Target } from "./targets/target.ts";

type BenchResult = Readonly<{ figures: object; text: string }>;
type Bench = (target: Target, args: readonly string[]) => Promise<BenchResult>;

const seconds = (args: readonly string[], otherwise: number) => Number(args[0] ?? otherwise / 1_000) * 1_000;
const COLUMNS = ["p50", "p95", "p99", "max", "count"] as const;
const percentiles = (name: string, all: Percentiles) => [name, ...COLUMNS.map((column) => all[column])];
const latencies = (rows: (string | number)[][]) => table(["ms", ...COLUMNS], rows);
const wrong = ({ anomalies, reasons }: Measured) =>
  `lost ${anomalies.lost}, duplicated ${anomalies.duplicates}, reordered ${anomalies.reordered}, ` +
  `unanswered ${anomalies.unanswered}, refused ${anomalies.refused} ${JSON.stringify(reasons)}`;

/** Measurements of Parley alone, by the name of their make target without `bench-`. */
const BENCHES = {
  jitter: async (target, args) => {
    const few = await jitter(target, { ...JITTER, ms: seconds(args, JITTER.ms) });
    const many = await jitter(target, { ...JITTER_EACH, ms: seconds(args, JITTER.ms) });
    const rows = [
      percentiles("2 messages/s, deliver", few.deliverMs),
      percentiles("2 messages/s, ack", few.ackMs),
      percentiles("2,000 messages/s (2 each), deliver", many.deliverMs),
    ];
    return { figures: { few, many }, text: `${latencies(rows)}\n${wrong(few)}\n${wrong(many)}` };
  },
  idle: async (target, args) => {
    const result = await idle(target, "ws-consumer", { ...IDLE, sockets: Number(args[0] ?? IDLE.sockets) });
    return { figures: result, text: JSON.stringify(result, null, 2) };
  },
  growth: async (target, args) => {
    const results = await growth(target, { ...GROWTH, ms: seconds(args, GROWTH.ms) });
    const rows = results.map(({ name, cpuUsPerMessage, run }) => [
      name,
      cpuUsPerMessage,
      run.cpuUsPerMessage["ws-producer"] ?? 0,
      run.cpuUsPerMessage["ws-consumer"] ?? 0,
      run.cpuUsPerMessage.nats ?? 0,
      run.cpuUsPerMessage.postgres ?? 0,
    ]);
    const head = ["CPU µs a message", "all", "producer", "consumer", "nats", "postgres"];
    return { figures: { rows: results }, text: table(head, rows) };
  },
} satisfies Record<string, Bench>;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const [name = "", ...args] = process.argv.slice(2);
const bench = (BENCHES as Readonly<Record<string, Bench>>)[name];
if (bench === undefined) throw new Error(`there is no ${name}, only ${Object.keys(BENCHES).join(", ")}`);
const machine = describeMachine();
say(machineLine(machine));
const target = await startParley();
try {
  const { figures, text } = await bench(target, args);
  // Peers are measured at the same by `make bench`, on another scale: hence a name of its own.
  await keepFigures(`${name}-alone`, { parley: figures }, target.versions, machine);
  say(`${text}\n\n${Math.round(performance.now() / 1_000)} s; figures are in bench/results/`);
} finally {
  await target.stop();
}
