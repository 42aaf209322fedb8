import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DialectName } from "./dialects.ts";
import { type Latency, mergeLatencies } from "./latency.ts";
import type { Endpoint, Place } from "./member.ts";
import type { Answer, Cuts, Order, Pace, RunCounts, Settled } from "./orders.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

export type RunPlan = Readonly<{ pace: Pace; warmMs: number; ms: number; bodyLength: number; cuts?: Cuts }>;
export type Ran = Readonly<{
  seconds: number;
  sent: number;
  acked: number;
  delivered: number;
  ack: Latency;
  deliver: Latency;
  /** Of members that lost their connection: until they were back, and the replay alone. */
  back: Latency;
  replay: Latency;
  driverCpuUs: number;
  sentBy: RunCounts["sentBy"];
}>;

/** The load generator: some processes, each of which plays a share of the members. */
export class Fleet {
  readonly #workers: ChildProcess[];
  #sentBy: RunCounts["sentBy"] = {};

  constructor(processes: number) {
    this.#workers = Array.from({ length: processes }, () =>
      fork(WORKER, [], { execArgv: ["--max-semi-space-size=32"] }),
    );
  }

  get pids(): number[] {
    return this.#workers.flatMap(({ pid }) => pid ?? []);
  }

  async #ask<T>(worker: ChildProcess, order: Order): Promise<T> {
    const answered = once(worker, "message");
    // Without this an answer that never comes because the process has ended would be waited for for ever.
    const onExit = (code: number | null) =>
      worker.emit("message", {
        error: `a process of the load generator ended with ${code}`,
      } satisfies Answer);
    worker.once("exit", onExit);
    worker.send(order);
    const [{ result, error }] = (await answered) as [Answer];
    worker.off("exit", onExit);
    if (error !== undefined) throw new Error(error);
    return result as T;
  }

  #askAll<T>(orderFor: (worker: number) => Order): Promise<T[]> {
    return Promise.all(this.#workers.map((worker, i) => this.#ask<T>(worker, orderFor(i))));
  }

  /** Opens all members; gives the seconds until the last was in. `concurrency` over all processes. */
  async open(
    dialect: DialectName,
    endpoint: Endpoint,
    places: readonly Place[],
    concurrency = 64,
  ): Promise<number> {
    const count = this.#workers.length;
    const seconds = await this.#askAll<number>((worker) => ({
      kind: "open",
      dialect,
      endpoint,
      places: places.filter((_, i) => i % count === worker),
      concurrency: Math.ceil(concurrency / count),
    }));
    return Math.max(...seconds);
  }

  /** One run; a rate is shared among the processes by their senders. */
  async run({ pace, ...plan }: RunPlan, senders: readonly Place[]): Promise<Ran> {
    const count = this.#workers.length;
    const share = (worker: number) =>
      senders.filter(({ index }) => index % count === worker).length / senders.length;
    const counts = await this.#askAll<RunCounts>((worker) => ({
      kind: "run",
      ...plan,
      pace: pace.kind === "rate" ? { ...pace, perSecond: pace.perSecond * share(worker) } : pace,
    }));
    const sum = (of: (one: RunCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
    this.#sentBy = mergeSent(counts);
    return {
      seconds: sum(({ seconds }) => seconds) / count,
      sent: sum(({ sent }) => sent),
      acked: sum(({ acked }) => acked),
      delivered: sum(({ delivered }) => delivered),
      ack: mergeLatencies(counts.map(({ ackHistogram }) => ackHistogram)),
      deliver: mergeLatencies(counts.map(({ deliverHistogram }) => deliverHistogram)),
      back: mergeLatencies(counts.map(({ backHistogram }) => backHistogram)),
      replay: mergeLatencies(counts.map(({ replayHistogram }) => replayHistogram)),
      driverCpuUs: sum(({ cpuUs }) => cpuUs),
      sentBy: this.#sentBy,
    };
  }

  /** Waits until every member has everything, and counts what is wrong. */
  async settle(deadlineMs = 15_000): Promise<Settled> {
    const settled = await this.#askAll<Settled>(() => ({ kind: "settle", sent: this.#sentBy, deadlineMs }));
    const reasons: Record<string, number> = {};
    for (const one of settled)
      for (const [why, times] of Object.entries(one.reasons)) reasons[why] = (reasons[why] ?? 0) + times;
    const sum = (of: (one: Settled) => number) => settled.reduce((total, one) => total + of(one), 0);
    return {
      delivered: sum((one) => one.delivered),
      acked: sum((one) => one.acked),
      unanswered: sum((one) => one.unanswered),
      lost: sum((one) => one.lost),
      duplicates: sum((one) => one.duplicates),
      reordered: sum((one) => one.reordered),
      refused: sum((one) => one.refused),
      dropped: sum((one) => one.dropped),
      reasons,
    };
  }

  /** Lets these members stop reading, or read again. */
  async pause(places: readonly number[], isPaused: boolean): Promise<void> {
    await this.#askAll(() => ({ kind: "pause", isPaused, places }));
  }

  /** Ends all connections; other members can be opened then. */
  async closeAll(): Promise<void> {
    await this.#askAll(() => ({ kind: "close" }));
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (worker.exitCode !== null) return;
        const gone = once(worker, "exit");
        worker.disconnect();
        await gone;
      }),
    );
  }
}

function mergeSent(counts: readonly RunCounts[]): RunCounts["sentBy"] {
  const merged: RunCounts["sentBy"] = {};
  for (const { sentBy } of counts)
    for (const [room, by] of Object.entries(sentBy)) merged[room] = { ...merged[room], ...by };
  return merged;
}
