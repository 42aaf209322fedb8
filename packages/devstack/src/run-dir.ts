import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DevstackError, type Progress, sleep } from "./environment.ts";
import { isAlive } from "./server-process.ts";

/** How long processes of a supervisor that was killed may take to end by themselves, ms. */
const LEFT_DEADLINE_MS = 10_000;

/** `$DATA_DIR/run`: the lock of the supervisor, and `<name>.pid` of each process. */
export interface RunDir {
  /** Notes the pid of a process; undefined when it has ended. */
  record(name: string, pid: number | undefined): void;
  /** Gives the lock up. */
  release(): void;
}

/**
 * Locks a data folder for this process, and waits for what a supervisor that was killed left to end.
 *
 * @throws {DevstackError} ALREADY_RUNNING if another supervisor has the lock.
 */
export async function takeRunDir(dataDir: string, onProgress: Progress = () => undefined): Promise<RunDir> {
  const folder = runFolderOf(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = tryLock(folder);
  if (unlock === undefined) {
    const text = `a stack is already running on ${dataDir} (supervisor pid ${supervisorPid(dataDir)}); stop it with \`make stop\`, or set another DATA_DIR and other ports`;
    throw new DevstackError("ALREADY_RUNNING", text);
  }
  await waitForLeft(dataDir, onProgress);
  const record = (name: string, pid: number | undefined) => {
    const file = join(folder, `${name}.pid`);
    if (pid === undefined) rmSync(file, { force: true });
    else writeFileSync(file, `${pid}\n`, { mode: 0o600 });
  };
  record("supervisor", process.pid);
  return {
    record,
    release: () => {
      record("supervisor", undefined);
      unlock();
    },
  };
}

/** Whether a supervisor runs on that data folder. */
export function isLocked(dataDir: string): boolean {
  if (!existsSync(runFolderOf(dataDir))) return false;
  const unlock = tryLock(runFolderOf(dataDir));
  unlock?.();
  return unlock === undefined;
}

/** The pid that the supervisor of that data folder has noted. */
export function supervisorPid(dataDir: string): number {
  return pidIn(join(runFolderOf(dataDir), "supervisor.pid"));
}

/**
 * Waits until the processes that a killed supervisor left on that data folder have ended: their watchers see to that.
 * Returns their names. A pid that another process has by now only costs time: no signal is sent.
 */
export async function waitForLeft(dataDir: string, onProgress: Progress): Promise<string[]> {
  const folder = runFolderOf(dataDir);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".pid") && name !== "supervisor.pid");
  const isLeft = (file: string) => isAlive(pidIn(join(folder, file)));
  const left = files.filter(isLeft);
  const names = left.map((file) => file.slice(0, -".pid".length));
  if (left.length > 0) onProgress(`waiting for the end of what an earlier start left: ${names.join(", ")}`);
  const deadline = performance.now() + LEFT_DEADLINE_MS;
  while (left.some(isLeft) && performance.now() < deadline) await sleep(20);
  for (const file of files) rmSync(join(folder, file), { force: true });
  return names;
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

function runFolderOf(dataDir: string): string {
  return join(dataDir, "run");
}

/** The pid in a file; one that no process has if there is none. */
function pidIn(file: string): number {
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return pid > 1 ? pid : 2 ** 30;
}
