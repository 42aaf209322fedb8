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

/** As text, for another process. */
export const encodeLatency = (latency: Latency): string => encodeIntoCompressedBase64(latency);

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
