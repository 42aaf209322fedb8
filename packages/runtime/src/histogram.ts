/** Upper bounds of latencies, seconds. */
export const LATENCY_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
/** Upper bounds of sizes: entries of a pack, of a batch. */
export const SIZES: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/**
 * How often values fell between bounds. `observe` is called for each message: it adds to numbers and allocates nothing,
 * which is a small part of what the client library's histogram costs (docs/decisions/0048).
 */
export class Histogram {
  /** Upper bounds, rising; a value belongs to the first that is not below it. */
  readonly bounds: readonly number[];
  /** Observations by bound; the last is for what is above all of them. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a value, or the same value several times. */
  observe(value: number, times = 1): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    counts[at] = (counts[at] as number) + times;
    this.sum += value * times;
  }
}

/** A counter for each of these names, at 0. */
export function zeroed<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
