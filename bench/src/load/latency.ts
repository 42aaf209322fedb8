import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

export type Latency = Histogram;

/** A histogram of µs, up to two minutes. */
export function newLatency(): Latency {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

/** Of latencies below this, µs, each has a count of its own until the end; that costs a tenth of a histogram's entry. */
const COUNTED_US = 1 << 20;

/** Takes latencies while a run goes on. */
export class LatencyRecorder {
  readonly #counts = new Uint32Array(COUNTED_US);
  readonly #long = newLatency();

  /** @param us from when something was due; less than one counts as one */
  record(us: number): void {
    if (us >= COUNTED_US) this.#long.recordValue(us);
    else this.#counts[us < 1 ? 1 : us] = (this.#counts[us < 1 ? 1 : us] as number) + 1;
  }

  /** All of them as text, for another process. */
  encode(): string {
    const all = newLatency();
    all.add(this.#long);
    for (const [us, count] of this.#counts.entries()) if (count > 0) all.recordValueWithCount(us, count);
    return encodeIntoCompressedBase64(all);
  }
}

/** Adds up what several processes saw. */
export function mergeLatencies(encoded: readonly string[]): Latency {
  const all = newLatency();
  for (const one of encoded) all.add(decodeFromCompressedBase64(one) as Histogram);
  return all;
}

export type Percentiles = Readonly<{
  p50: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
  count: number;
}>;

/** In ms, with two digits behind the point. */
export function percentilesOf(latency: Latency): Percentiles {
  const ms = (percentile: number) => Math.round(latency.getValueAtPercentile(percentile) / 10) / 100;
  return { p50: ms(50), p95: ms(95), p99: ms(99), p999: ms(99.9), max: ms(100), count: latency.totalCount };
}
