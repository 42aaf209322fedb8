import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

const FSYNC_TRIES = 50;

/** The machine and the commit of a figure. */
export type Machine = Readonly<{
  processor: string;
  cores: number;
  memoryGb: number;
  node: string;
  platform: string;
  /** Load average of the last minute when the run began: above 0.5 other work disturbs the figures. */
  load: number;
  /** One append and its sync to the disk, µs: every acknowledgement waits for at least one. */
  fsyncUs: number;
  commit: string;
  at: string;
}>;

/** Describes this machine and the commit of this repository. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1_073_741_824),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    fsyncUs: fsyncUs(),
    commit: commit(),
    at: new Date().toISOString(),
  };
}

/** The machine in one line, for the head of a run's output. */
export function machineLine({ cores, processor, node, commit: at, load, fsyncUs: us }: Machine): string {
  return `${cores} cores, ${processor}, node ${node}, commit ${at}, load ${load}, fsync ${us} µs`;
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  try {
    const isClean = git("status", "--porcelain", "--untracked-files=no") === "";
    return git("rev-parse", "--short=12", "HEAD") + (isClean ? "" : " and changes");
  } catch {
    return "unknown";
  }
}

/** Median time of 50 appends of 300 bytes with an fsync, in the file system of the databases, µs. */
function fsyncUs(): number {
  const file = join(tmpdir(), `parley-fsync-${process.pid}`);
  const fd = openSync(file, "w", 0o600);
  try {
    const took = Array.from({ length: FSYNC_TRIES }, () => {
      const began = performance.now();
      writeSync(fd, "x".repeat(300));
      fsyncSync(fd);
      return (performance.now() - began) * 1_000;
    });
    return Math.round(took.toSorted((a, b) => a - b)[FSYNC_TRIES / 2] as number);
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}
