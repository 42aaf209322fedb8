import { readFileSync } from "node:fs";
import { trySignal } from "@parley/devstack/server-process";

/** These processes and their direct children: Postgres works in them, each with a process group of its own. Linux only. */
export function withChildren(pids: readonly number[]): number[] {
  return [...pids, ...pids.flatMap(childrenOf)];
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Sends a signal to processes that may have ended already. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) trySignal(pid, signal);
}
