/** The median by a figure; of an even count the lower one. @throws if there is none. */
export function medianOf<T>(all: readonly T[], figure: (one: T) => number): T {
  const sorted = [...all].sort((a, b) => figure(a) - figure(b));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error("there is no median of nothing");
  return middle;
}

/** The median of numbers; of an even count the lower one. */
export const median = (values: readonly number[]): number => medianOf(values, (value) => value);
