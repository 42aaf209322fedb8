import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TRIES = 50;
const BYTES = Buffer.alloc(300, "x");

/** What it takes to append 300 bytes to a file where the databases are and to sync it, the median of 50, µs. */
export function fsyncUs(): number {
  const file = join(tmpdir(), `parley-fsync-${process.pid}`);
  const fd = openSync(file, "w", 0o600);
  try {
    const took = Array.from({ length: TRIES }, () => {
      const began = performance.now();
      writeSync(fd, BYTES);
      fsyncSync(fd);
      return (performance.now() - began) * 1_000;
    });
    return Math.round(took.toSorted((a, b) => a - b)[TRIES / 2] as number);
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}
