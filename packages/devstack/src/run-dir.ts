import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { DevstackError, type Progress } from "./environment.ts";
import { isAlive } from "./server-process.ts";

/** Longest wait for the end of a killed supervisor's processes, ms. */
const LEFT_DEADLINE_MS = 10_000;

/** `$DATA_DIR/run`: the lock of the supervisor, and `<name>.pid` of each process. */
export type RunDir = Awaited<ReturnType<typeof takeRunDir>>;

/**
 * Locks a data folder for this process, and waits for the end of processes that a killed supervisor left.
 *
 * @throws {DevstackError} ALREADY_RUNNING if another supervisor has the lock.
 */
export async function takeRunDir(dataDir: string, onProgress: Progress = () => undefined) {
  const folder = join(dataDir, "run");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = tryLock(folder);
  if (unlock === undefined) {
    const text = `a stack is already running on ${dataDir} (supervisor pid ${pidOf(dataDir, "supervisor")}); stop it with \`make stop\`, or set another DATA_DIR and other ports`;
    throw new DevstackError("ALREADY_RUNNING", text);
  }
  await waitForLeft(dataDir, onProgress);
  /** Records the pid of a process; undefined when it has ended. */
  const record = (name: string, pid: number | undefined) => {
    const file = join(folder, `${name}.pid`);
    if (pid === undefined) rmSync(file, { force: true });
    else writeFileSync(file, `${pid}\n`, { mode: 0o600 });
  };
  record("supervisor", process.pid);
  /** Records the ports, and the hosts that they are on, for the tools of operators. */
  const recordPorts = (ports: object) =>
    writeFileSync(join(folder, "ports.json"), JSON.stringify(ports), { mode: 0o600 });
  /** Releases the lock. */
  const release = () => {
    record("supervisor", undefined);
    unlock();
  };
  return { record, recordPorts, release };
}

/** Whether a supervisor runs on that data folder. */
export function isLocked(dataDir: string): boolean {
  const folder = join(dataDir, "run");
  if (!existsSync(folder)) return false;
  const unlock = tryLock(folder);
  unlock?.();
  return unlock === undefined;
}

/** The ports of a running stack and their hosts (HOST, METRICS_HOST), by variable. */
export function readPorts(dataDir: string): Readonly<Record<string, string>> {
  const ports: unknown = JSON.parse(readFileSync(join(dataDir, "run/ports.json"), "utf8"));
  return Object.fromEntries(Object.entries(ports as object).map(([name, port]) => [name, String(port)]));
}

/** The recorded pid of a process; NaN if there is none. */
export function pidOf(dataDir: string, name: string): number {
  const file = join(dataDir, `run/${name}.pid`);
  return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
}

/**
 * Waits until the processes that a killed supervisor left on that data folder have ended: their watchers see to that.
 * Returns their names. A pid that another process has by now only costs time, because no signal is sent.
 */
export async function waitForLeft(dataDir: string, onProgress: Progress): Promise<string[]> {
  const folder = join(dataDir, "run");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".pid")) : [];
  const names = files.map((file) => file.slice(0, -".pid".length)).filter((name) => name !== "supervisor");
  const isLeft = (name: string) => isAlive(pidOf(dataDir, name));
  const left = names.filter(isLeft);
  if (left.length > 0) onProgress(`waiting for the end of processes of an earlier start: ${left.join(", ")}`);
  const deadline = performance.now() + LEFT_DEADLINE_MS;
  while (left.some(isLeft) && performance.now() < deadline) await sleep(20);
  for (const file of files) rmSync(join(folder, file), { force: true });
  return left;
}

/** Node has no file locks. SQLite takes one of the kernel's, which ends with its process, however that ends. */
function tryLock(folder: string): (() => void) | undefined {
  const database = new DatabaseSync(join(folder, "lock"));
  try {
    database.exec("pragma journal_mode = off; begin exclusive");
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === 5) return undefined;
    throw error;
  }
}
