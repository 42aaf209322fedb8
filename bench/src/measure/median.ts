/** The one in the middle by a figure; of an even number the lower one. */
export function medianOf<T>(all: readonly T[], figure: (one: T) => number): T {
  const sorted = [...all].sort((a, b) => figure(a) - figure(b));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error("there is no median of nothing");
  return middle;
}
