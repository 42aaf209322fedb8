/** Between Node's own monotonic clock and the machine's, µs: the machine's is the same in every process. */
const OFFSET_US = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000;

/** µs on the machine's monotonic clock, comparable between processes. */
export function nowUs(): number {
  return Math.round(performance.now() * 1_000 + OFFSET_US);
}
