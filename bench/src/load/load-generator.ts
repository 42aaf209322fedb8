import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type Command,
  LATENCIES,
  type LatencyName,
  type Reply,
  type RunCounts,
  type RunPlan,
  SETTLED,
  type SentBy,
  type Settled,
} from "./commands.ts";
import type { Endpoint, MemberSpec } from "./connection.ts";
import { type Latency, mergeLatencies } from "./latency.ts";

const WORKER = fileURLToPath(new URL("./worker-main.ts", import.meta.url));
const SETTLE_MS = 15_000;

export type RunResult = Readonly<{
  seconds: number;
  sent: number;
  acked: number;
  delivered: number;
  latencies: Readonly<Record<LatencyName, Latency>>;
  driverCpuUs: number;
}>;

/** Worker processes, each of which simulates a share of the members. */
export class LoadGenerator {
  readonly #workers: ChildProcess[];
  #sentBy: SentBy = {};

  constructor(processes = 1) {
    this.#workers = Array.from({ length: processes }, () =>
      fork(WORKER, [], { execArgv: ["--max-semi-space-size=32"] }),
    );
  }

  async #ask<T>(worker: ChildProcess, command: Command): Promise<T> {
    const replied = once(worker, "message");
    // Without this the reply of a process that has exited would be awaited forever.
    const onExit = (code: number | null) =>
      worker.emit("message", { error: `a worker exited with ${code}` } satisfies Reply);
    worker.once("exit", onExit);
    worker.send(command);
    const [{ result, error }] = (await replied) as [Reply];
    worker.off("exit", onExit);
    if (error !== undefined) throw new Error(error);
    return result as T;
  }

  #askAll<T>(commandFor: (worker: number) => Command): Promise<T[]> {
    return Promise.all(this.#workers.map((worker, i) => this.#ask<T>(worker, commandFor(i))));
  }

  /** Opens all members, `concurrency` at a time over all workers; gives the seconds until the last had joined. */
  async open(
    dialect: string,
    endpoint: Endpoint,
    specs: readonly MemberSpec[],
    concurrency = 64,
  ): Promise<number> {
    const count = this.#workers.length;
    const seconds = await this.#askAll<number>((worker) => ({
      kind: "open",
      dialect,
      endpoint,
      specs: specs.filter((_, i) => i % count === worker),
      concurrency: Math.ceil(concurrency / count),
    }));
    return Math.max(...seconds);
  }

  /** One run; a rate is divided among the workers by their senders. */
  async run({ pace, ...plan }: RunPlan, senders: readonly MemberSpec[]): Promise<RunResult> {
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
    const merged = LATENCIES.map((name) => [
      name,
      mergeLatencies(counts.map(({ histograms }) => histograms[name])),
    ]);
    return {
      seconds: sum(({ seconds }) => seconds) / count,
      sent: sum(({ sent }) => sent),
      acked: sum(({ acked }) => acked),
      delivered: sum(({ delivered }) => delivered),
      latencies: Object.fromEntries(merged) as RunResult["latencies"],
      driverCpuUs: sum(({ cpuUs }) => cpuUs),
    };
  }

  /** Waits until every member has everything, and counts anomalies. */
  async settle(deadlineMs = SETTLE_MS): Promise<Settled> {
    const settled = await this.#askAll<Settled>(() => ({ kind: "settle", sent: this.#sentBy, deadlineMs }));
    const reasons: Record<string, number> = {};
    for (const one of settled)
      for (const [why, times] of Object.entries(one.reasons)) reasons[why] = (reasons[why] ?? 0) + times;
    const sums = SETTLED.map((name) => [name, settled.reduce((total, one) => total + one[name], 0)]);
    return { ...(Object.fromEntries(sums) as Settled), reasons };
  }

  /** Stops or resumes reading of the members with these indexes. */
  async pause(indexes: readonly number[], isPaused: boolean): Promise<void> {
    await this.#askAll(() => ({ kind: "pause", isPaused, indexes }));
  }

  /** Closes all connections; other members can be opened afterwards. */
  async closeAll(): Promise<void> {
    await this.#askAll(() => ({ kind: "close" }));
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (worker.exitCode !== null) return;
        const exited = once(worker, "exit");
        worker.disconnect();
        await exited;
      }),
    );
  }
}

function mergeSent(counts: readonly RunCounts[]): SentBy {
  const merged: SentBy = {};
  for (const { sentBy } of counts)
    for (const [room, by] of Object.entries(sentBy)) merged[room] = { ...merged[room], ...by };
  return merged;
}
