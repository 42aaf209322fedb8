import type { Percentiles } from "./latency.ts";

/** How messages are sent during a run. */
type Pace =
  /** Messages per second over all members, at random times that do not wait for answers (open loop). */
  | Readonly<{ kind: "rate"; perSecond: number }>
  /** Each sender keeps this many without acknowledgement or own delivery (closed loop): finds the maximum. */
  | Readonly<{ kind: "window"; each: number }>;

/** `warmMs` are not measured; `ms` are. */
export type RunPlan = Readonly<{ pace: Pace; warmMs: number; ms: number; bodyLength: number }>;

/** What was seen in a run; counts and latencies (from the due time) are of the measured time only. */
export type RunResult = Readonly<{
  seconds: number;
  acked: number;
  delivered: number;
  ackMs: Percentiles;
  deliverMs: Percentiles;
  /** CPU time of the load generator's process. */
  cpuUs: number;
}>;

export type Anomalies = Readonly<
  Record<"lost" | "duplicates" | "reordered" | "unanswered" | "refused" | "dropped", number>
>;

/** What the members have in the end, and how often each refusal or drop happened, by reason. */
export type Settled = Readonly<{
  acked: number;
  anomalies: Anomalies;
  reasons: Readonly<Record<string, number>>;
}>;
