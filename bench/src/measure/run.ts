import type { Fleet, RunPlan } from "../load/fleet.ts";
import { type Percentiles, percentilesOf } from "../load/latency.ts";
import type { Place } from "../load/member.ts";
import type { Settled } from "../load/orders.ts";
import type { Target } from "../targets/target.ts";
import { cpuOf } from "./proc.ts";

/** What a run gave: every figure of it. */
export type Measured = Readonly<{
  seconds: number;
  /** A second, of the measured time. */
  ackedPerSecond: number;
  storedPerSecond: number;
  /** Messages that reached all members of their room. */
  deliveredPerSecond: number;
  deliveriesPerSecond: number;
  /** The least of the three: acknowledged, stored and delivered to all. */
  perSecond: number;
  ackMs: Percentiles;
  deliverMs: Percentiles;
  backMs: Percentiles;
  replayMs: Percentiles;
  /** CPU time of each process by message, µs; of the driver's too. */
  cpuUsPerMessage: Readonly<Record<string, number>>;
  cpuSeconds: Readonly<Record<string, number>>;
  anomalies: Readonly<{
    lost: number;
    duplicates: number;
    reordered: number;
    unanswered: number;
    refused: number;
    dropped: number;
  }>;
  reasons: Readonly<Record<string, number>>;
  /** Rows in Postgres that no acknowledgement speaks of, or the other way round, at the end. */
  storedMinusAcked: number;
}>;

export type RunPlaces = Readonly<{ places: readonly Place[]; perRoom: number }>;

/** One run against a target whose members are in: warm up, measure, wait for what is still under way, count. */
export async function measureRun(
  target: Target,
  fleet: Fleet,
  plan: RunPlan,
  { places, perRoom }: RunPlaces,
): Promise<Measured> {
  const senders = places.filter(({ sends }) => sends);
  const storedBefore = await target.stored();
  const ackedBefore = (await fleet.settle(0)).acked;
  const running = fleet.run(plan, senders);
  await new Promise((resolve) => setTimeout(resolve, plan.warmMs));
  const [cpuBefore, storedAtStart] = await Promise.all([cpuOf(target.pids()), target.stored()]);
  const ran = await running;
  const [cpuAfter, storedAtEnd] = await Promise.all([cpuOf(target.pids()), target.stored()]);
  const settled = await fleet.settle();
  const storedAfter = await untilStill(target);
  const perSecond = (count: number) => Math.round(count / ran.seconds);
  const messages = Math.max(1, ran.acked);
  const cpuUs: Record<string, number> = { driver: ran.driverCpuUs };
  for (const [name, us] of Object.entries(cpuAfter)) cpuUs[name] = us - (cpuBefore[name] ?? 0);
  const rates = [
    perSecond(ran.acked),
    perSecond(storedAtEnd - storedAtStart),
    perSecond(ran.delivered / perRoom),
  ] as const;
  return {
    seconds: ran.seconds,
    ackedPerSecond: rates[0],
    storedPerSecond: rates[1],
    deliveredPerSecond: rates[2],
    deliveriesPerSecond: perSecond(ran.delivered),
    perSecond: Math.min(...rates),
    ackMs: percentilesOf(ran.ack),
    deliverMs: percentilesOf(ran.deliver),
    backMs: percentilesOf(ran.back),
    replayMs: percentilesOf(ran.replay),
    cpuUsPerMessage: mapValues(cpuUs, (us) => Math.round((us / messages) * 10) / 10),
    cpuSeconds: mapValues(cpuUs, (us) => us / 1_000_000),
    anomalies: anomaliesOf(settled),
    reasons: settled.reasons,
    storedMinusAcked: storedAfter - storedBefore - (settled.acked - ackedBefore),
  };
}

/** Waits until Postgres takes no more. */
async function untilStill(target: Target): Promise<number> {
  for (let last = -1; ; ) {
    const now = await target.stored();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function anomaliesOf({
  lost,
  duplicates,
  reordered,
  unanswered,
  refused,
  dropped,
}: Settled): Measured["anomalies"] {
  return { lost, duplicates, reordered, unanswered, refused, dropped };
}

function mapValues(
  record: Readonly<Record<string, number>>,
  map: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
