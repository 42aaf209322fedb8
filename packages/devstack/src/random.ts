/** A seeded pseudo-random generator, so that a run can be repeated. */
export type Random = Readonly<{
  /** From 0 up to 1, without it. */
  next: () => number;
  pick: <T>(list: readonly T[]) => T;
}>;

/** mulberry32: 32 bits of state are enough for a schedule. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, pick: (list) => list[Math.floor(next() * list.length)] as never };
}
