import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Environment } from "./environment.ts";
import { runCommand } from "./run-command.ts";

type Exit = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>;

/** A child process that leads a process group of its own, so that a Ctrl-C in the terminal does not reach it. */
export type ServerProcess = Awaited<ReturnType<typeof spawnServer>>;

export type SpawnOptions = Readonly<{
  command: string;
  args: readonly string[];
  /** The output of the process is appended to it. */
  logFile: string;
  cwd?: string;
  env?: Environment;
  uid?: number;
  gid?: number;
  /** Ends the process in an orderly way; sent to it when this process dies. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
}>;

/**
 * Becomes the program, and leaves a watcher in its process group. The watcher reads a pipe that only this process
 * holds open: at its end (also by kill -9) it sends the stop signal to the group, and SIGKILL after 5 s. It is forked
 * twice, because Postgres takes the end of a child that it does not know for a crash.
 */
const WATCHED = `
exec 3<&0 </dev/null
umask 077
signal=$1; shift
( (
  trap '' INT QUIT TERM HUP
  read -r _ <&3
  kill -s "$signal" -- -$$
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
    kill -0 $$ || break
    sleep 0.2
  done
  kill -s KILL -- -$$
) >/dev/null 2>&1 & )
exec "$@" 3<&-
`;

/**
 * Starts a program that ends when this process does, however that ends. Files that it makes are for their owner only.
 * A program that cannot be run ends with code 126 or 127 and the reason in its log.
 *
 * @throws the system's error (EAGAIN …) if no process can be made.
 */
export async function spawnServer(options: SpawnOptions) {
  const { command, args, stopSignal = "SIGTERM", cwd, env, uid, gid } = options;
  mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 });
  const log = openSync(options.logFile, "a", 0o600);
  const shellArgs = ["-c", WATCHED, "sh", stopSignal.slice("SIG".length), command, ...args];
  const settings = Object.entries({ cwd, env, uid, gid }).filter(([, value]) => value !== undefined);
  const child = spawn("/bin/sh", shellArgs, {
    detached: true,
    stdio: ["pipe", log, log],
    ...Object.fromEntries(settings),
  });
  closeSync(log);
  await once(child, "spawn");
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  const pid = child.pid as number;
  /** Resolves when the process has ended and the rest of its group has been killed; never rejects. */
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      trySignal(-pid, "SIGKILL");
      resolve({ code, signal });
    });
  });
  /** Sends a signal without waiting, for instance SIGSTOP. */
  const signal = (name: NodeJS.Signals) => void child.kill(name);
  /** Sends the signal and waits for the end of the process; after `graceMs` (default: no limit) SIGKILL follows. */
  const end = async (name: NodeJS.Signals, graceMs?: number) => {
    signal(name);
    const timer = graceMs === undefined ? undefined : setTimeout(signal, graceMs, "SIGKILL");
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return { pid, exited, isRunning, signal, end };
}

/** Sends a signal to a pid (or, when negative, to a process group). Returns whether there is such a process. */
export function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a process runs; one that has ended but was not waited for (a zombie, on Linux) does not. */
export function isAlive(pid: number): boolean {
  if (!(pid > 1) || !trySignal(pid, 0)) return false;
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return process.platform !== "linux";
  }
}

/** The last lines of a log file, at most 4 kB; empty if there is none. */
export async function tailOf(file: string): Promise<string> {
  return (await runCommand("tail", ["-n", "12", file])).stdout.trimEnd().slice(-4_096);
}
