import { build } from "hdr-histogram-js";

/** In ms, with two digits behind the point. */
export type Percentiles = Readonly<Record<"p50" | "p95" | "p99" | "p999" | "max" | "count", number>>;

/** Of latencies below this, µs, each has a count of its own until the end; that costs a tenth of a histogram's entry. */
const COUNTED_US = 1 << 20;

/** Takes latencies up to two minutes while a run goes on. */
export class LatencyRecorder {
  readonly #counts = new Uint32Array(COUNTED_US);
  readonly #all = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });

  /** @param us from when something was due; less than one counts as one */
  record(us: number): void {
    if (us >= COUNTED_US) this.#all.recordValue(us);
    else this.#counts[us < 1 ? 1 : us] = (this.#counts[us < 1 ? 1 : us] as number) + 1;
  }

  /** Of all that was recorded; call it once, at the end. */
  percentiles(): Percentiles {
    const all = this.#all;
    for (const [us, count] of this.#counts.entries()) if (count > 0) all.recordValueWithCount(us, count);
    const ms = (percentile: number) => Math.round(all.getValueAtPercentile(percentile) / 10) / 100;
    return { p50: ms(50), p95: ms(95), p99: ms(99), p999: ms(99.9), max: ms(100), count: all.totalCount };
  }
}
