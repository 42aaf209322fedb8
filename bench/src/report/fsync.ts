import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TRIES = 50;
const BYTES = Buffer.alloc(300, "x");

/** Median time of 50 appends of 300 bytes with an fsync, in the file system of the databases, µs. */
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
