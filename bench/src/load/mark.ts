/**
 * Every body begins with a mark, `~<sender>.<n>.<µs>~`: the index of its sender, its number at that sender, and its due
 * time. Receivers read the mark from the raw bytes, so that the driver costs little, and the same for every target.
 */
const TILDE = 0x7e;
const DOT = 0x2e;
const ZERO = 0x30;

export type Mark = { sender: number; n: number; dueUs: number };

/** A body of exactly `length` ASCII characters (a mark needs up to 40). */
export function writeMark({ sender, n, dueUs }: Mark, length: number): string {
  return `~${sender}.${n}.${dueUs}~`.padEnd(length, "x");
}

/** Reads the next mark from `from` on, before `to`, into `into`; gives the index behind it, or -1 if there is none. */
export function readMark(bytes: Buffer, from: number, to: number, into: Mark): number {
  const start = bytes.indexOf(TILDE, from);
  if (start === -1 || start >= to) return -1;
  let i = start + 1;
  let value = 0;
  let dots = 0;
  for (; i < to; i += 1) {
    const byte = bytes[i] as number;
    if (byte === TILDE) break;
    if (byte !== DOT) {
      value = value * 10 + byte - ZERO;
      continue;
    }
    if (dots === 0) into.sender = value;
    else into.n = value;
    dots += 1;
    value = 0;
  }
  into.dueUs = value;
  return dots === 2 ? i + 1 : -1;
}
