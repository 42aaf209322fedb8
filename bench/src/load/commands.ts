import type { Endpoint, MemberSpec } from "./connection.ts";

/** How messages are sent during a run. */
export type Pace =
  /** Messages per second over all members, at random times that do not wait for answers (open loop). */
  | Readonly<{ kind: "rate"; perSecond: number }>
  /** Each sender keeps this many without acknowledgement or own delivery (closed loop): finds the maximum. */
  | Readonly<{ kind: "window"; each: number }>;

/** Every member loses its connection once per period, at a time of its own. */
export type Cuts = Readonly<{ everyMs: number; offlineMs: number }>;

/** `warmMs` are not measured; `ms` are. */
export type RunPlan = Readonly<{ pace: Pace; warmMs: number; ms: number; bodyLength: number; cuts?: Cuts }>;

/** Messages sent since the members were opened, by room and sender index. */
export type SentBy = Record<string, Record<number, number>>;

/** What the load generator asks of a worker process. `dialect` is the URL of a module that exports a `Dialect`. */
export type Command =
  | Readonly<{
      kind: "open";
      dialect: string;
      endpoint: Endpoint;
      specs: readonly MemberSpec[];
      concurrency: number;
    }>
  | (Readonly<{ kind: "run" }> & RunPlan)
  | Readonly<{ kind: "settle"; sent: SentBy; deadlineMs: number }>
  | Readonly<{ kind: "pause"; isPaused: boolean; indexes: readonly number[] }>
  | Readonly<{ kind: "close" }>;

export const LATENCIES = ["ack", "deliver", "away", "replay"] as const;
/** `ack` and `deliver`: from the due time; `away` and `replay`: of members that lost their connection. */
export type LatencyName = (typeof LATENCIES)[number];

/** What one worker saw in a run; counts are of the measured time only. */
export type RunCounts = Readonly<{
  seconds: number;
  sent: number;
  acked: number;
  delivered: number;
  sentBy: SentBy;
  /** Encoded histograms, µs. */
  histograms: Readonly<Record<LatencyName, string>>;
  cpuUs: number;
}>;

export const SETTLED = [
  "delivered",
  "acked",
  "unanswered",
  "lost",
  "duplicates",
  "reordered",
  "refused",
  "dropped",
] as const;
/** What one worker's members have in the end. */
export type Settled = Readonly<Record<(typeof SETTLED)[number], number>> &
  Readonly<{ reasons: Readonly<Record<string, number>> }>;

export type Reply = Readonly<{ result?: unknown; error?: string }>;
