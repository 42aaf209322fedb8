import type { DialectName } from "./dialects.ts";
import type { Endpoint, Place } from "./member.ts";

/** How messages are sent during a run. */
export type Pace =
  /** So many a second over all members, at random times that do not wait for answers (open loop). */
  | Readonly<{ kind: "rate"; perSecond: number }>
  /** Each sender keeps so many without an acknowledgement and its own delivery (closed loop): finds the most. */
  | Readonly<{ kind: "window"; each: number }>;

/** Members lose their connection every so often, each at a time of its own. */
export type Cuts = Readonly<{ everyMs: number; offlineMs: number }>;

/** What the fleet tells a worker. */
export type Order =
  | Readonly<{
      kind: "open";
      dialect: DialectName;
      endpoint: Endpoint;
      places: readonly Place[];
      concurrency: number;
    }>
  | Readonly<{ kind: "run"; pace: Pace; warmMs: number; ms: number; bodyLength: number; cuts?: Cuts }>
  /** `sent` by sender number, over all workers: what each member of `rooms` should have. */
  | Readonly<{
      kind: "settle";
      sent: Readonly<Record<string, Readonly<Record<number, number>>>>;
      deadlineMs: number;
    }>
  | Readonly<{ kind: "pause"; isPaused: boolean; places: readonly number[] }>
  | Readonly<{ kind: "close" }>;

/** What one worker saw in a run; counts are of the measured time only. */
export type RunCounts = {
  seconds: number;
  sent: number;
  acked: number;
  delivered: number;
  /** By room and sender: how many were sent since the members were opened. */
  sentBy: Record<string, Record<number, number>>;
  /** µs from the time at which a message was due, encoded histograms. */
  ackHistogram: string;
  deliverHistogram: string;
  /** Of members that lost their connection: until they were back, and the replay alone. */
  backHistogram: string;
  replayHistogram: string;
  cpuUs: number;
};

/** What one worker's members have in the end. */
export type Settled = {
  delivered: number;
  acked: number;
  unanswered: number;
  lost: number;
  duplicates: number;
  reordered: number;
  refused: number;
  dropped: number;
  reasons: Record<string, number>;
};

export type Opened = { seconds: number };
export type Answer = Readonly<{ result?: unknown; error?: string }>;
