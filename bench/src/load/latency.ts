import { createHistogram } from "node:perf_hooks";

/** In ms, with two digits behind the point. */
export type Percentiles = Readonly<Record<"p50" | "p95" | "p99" | "p999" | "max" | "count", number>>;

/** Takes latencies up to two minutes while a run goes on. */
export class LatencyRecorder {
  readonly #all = createHistogram({ lowest: 1, highest: 120_000_000, figures: 3 });

  /** @param us from when something was due; less than one counts as one */
  record(us: number): void {
    this.#all.record(Math.max(1, us));
  }

  percentiles(): Percentiles {
    const all = this.#all;
    const ms = (us: number) => Math.round(us / 10) / 100;
    const at = (percentile: number) => ms(all.percentile(percentile));
    return { p50: at(50), p95: at(95), p99: at(99), p999: at(99.9), max: ms(all.max), count: all.count };
  }
}
