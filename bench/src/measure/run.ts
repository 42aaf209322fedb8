import { sleep } from "@parley/runtime/deadline";
import type { Anomalies, RunPlan } from "../load/commands.ts";
import type { Percentiles } from "../load/latency.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import type { Target } from "../targets/target.ts";
import { cpuOf } from "./proc.ts";

/** The figures of a run; rates are per second of the measured time. */
export type Measured = Readonly<{
  seconds: number;
  deliveriesPerSecond: number;
  /** The least of three rates: acknowledged, stored and delivered to all members of their room. */
  perSecond: number;
  ackMs: Percentiles;
  deliverMs: Percentiles;
  /** CPU time by process, µs per acknowledged message and in seconds; `driver` is the load generator. */
  cpuUsPerMessage: Readonly<Record<string, number>>;
  cpuSeconds: Readonly<Record<string, number>>;
  anomalies: Anomalies;
  reasons: Readonly<Record<string, number>>;
  /** At the end: rows in Postgres minus acknowledgements. */
  storedMinusAcked: number;
}>;

/** One run against a target whose members are open: warm up, measure, wait for what is in flight, count. */
export async function measureRun(
  target: Target,
  generator: LoadGenerator,
  plan: RunPlan,
  perRoom: number,
): Promise<Measured> {
  const storedBefore = await target.stored();
  const ackedBefore = (await generator.settle(0)).acked;
  const running = generator.run(plan);
  await sleep(plan.warmMs);
  const [cpuBefore, storedAtStart] = await Promise.all([cpuOf(target.pids()), target.stored()]);
  const result = await running;
  const [cpuAfter, storedAtEnd] = await Promise.all([cpuOf(target.pids()), target.stored()]);
  const { acked, anomalies, reasons } = await generator.settle();
  const storedAfter = await untilStable(target);
  const perSecond = (count: number) => Math.round(count / result.seconds);
  const cpuUs: Record<string, number> = { driver: result.cpuUs };
  for (const [name, us] of Object.entries(cpuAfter)) cpuUs[name] = us - (cpuBefore[name] ?? 0);
  return {
    seconds: result.seconds,
    deliveriesPerSecond: perSecond(result.delivered),
    perSecond: perSecond(Math.min(result.acked, storedAtEnd - storedAtStart, result.delivered / perRoom)),
    ackMs: result.ackMs,
    deliverMs: result.deliverMs,
    cpuUsPerMessage: mapValues(cpuUs, (us) => Math.round((us / Math.max(1, result.acked)) * 10) / 10),
    cpuSeconds: mapValues(cpuUs, (us) => us / 1_000_000),
    anomalies,
    reasons,
    storedMinusAcked: storedAfter - storedBefore - (acked - ackedBefore),
  };
}

/** CPU time of all processes of the target, without the load generator, µs per message. */
export function servicesUsPerMessage({
  cpuUsPerMessage: { driver: _driver, ...services },
}: Measured): number {
  return Object.values(services).reduce((sum, us) => sum + us, 0);
}

/** Waits until Postgres takes no more. */
async function untilStable(target: Target): Promise<number> {
  for (let last = -1; ; ) {
    const now = await target.stored();
    if (now === last) return now;
    last = now;
    await sleep(200);
  }
}

function mapValues(
  record: Readonly<Record<string, number>>,
  map: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
