import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { fsyncUs } from "./fsync.ts";

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
    execFileSync("git", args, { cwd: fileURLToPath(new URL(".", import.meta.url)), encoding: "utf8" }).trim();
  try {
    const isClean = git("status", "--porcelain", "--untracked-files=no") === "";
    return git("rev-parse", "--short=12", "HEAD") + (isClean ? "" : " and changes");
  } catch {
    return "unknown";
  }
}
