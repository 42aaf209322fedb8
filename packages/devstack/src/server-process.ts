import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Environment } from "./environment.ts";

export type Exit = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>;

/** A child process in a process group of its own, so that a Ctrl-C in the terminal does not reach it. */
export interface ServerProcess {
  readonly pid: number;
  readonly alive: boolean;
  /** Resolves once the process is gone; never rejects. What is left of its group has been killed by then. */
  readonly exited: Promise<Exit>;
  /** Sends the signal and waits until the process is gone; after `graceMs` (default: no limit) SIGKILL follows. */
  end(signal: NodeJS.Signals, graceMs?: number): Promise<Exit>;
  /** Sends a signal without waiting, for instance SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
}

export type SpawnOptions = Readonly<{
  command: string;
  args: readonly string[];
  /** What the process writes is appended here. */
  logFile: string;
  cwd?: string;
  env?: Environment;
  uid?: number;
  gid?: number;
  /** An IPC channel, whose end tells the child that its parent is gone. */
  ipc?: boolean;
  /** Called with the pid as soon as there is one. */
  onSpawn?: ((pid: number) => void) | undefined;
}>;

const PERL = "/usr/bin/perl";
const ENTER_OWN_GROUP = 'setpgrp(0, 0); exec { $ARGV[0] } @ARGV; die "$ARGV[0]: $!\\n"';

/**
 * A process group of its own in the session of who starts it. Node gives a session as well (`detached`); but to Linux
 * a session is a task group, and what runs in the background of one is not in the background of another
 * (docs/decisions/0025-passwords-in-the-background.md). Without perl a session it is.
 */
function inOwnGroup({ command, args }: SpawnOptions): [string, readonly string[], { detached: boolean }] {
  if (!existsSync(PERL)) return [command, args, { detached: true }];
  return [PERL, ["-e", ENTER_OWN_GROUP, "--", command, ...args], { detached: false }];
}

/** Starts a program. @throws the system's error (EACCES, EAGAIN …) if it cannot be started. */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o640);
  let child: ChildProcess;
  try {
    const [command, args, group] = inOwnGroup(options);
    child = spawn(command, args, {
      ...group,
      stdio: options.ipc === true ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
  } finally {
    closeSync(log);
  }
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      child.off("error", reject);
      child.on("error", () => undefined);
      resolve(wrapChild(child, child.pid as number));
    });
  });
}

function wrapChild(child: ChildProcess, pid: number): ServerProcess {
  let alive = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      alive = false;
      trySignal(-pid, "SIGKILL");
      resolve({ code, signal });
    });
  });
  return {
    pid,
    get alive() {
      return alive;
    },
    exited,
    signal: (signal) => {
      if (alive) child.kill(signal);
    },
    async end(signal, graceMs) {
      if (alive) child.kill(signal);
      const timer =
        graceMs === undefined ? undefined : setTimeout(() => alive && child.kill("SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

/** Sends a signal to a pid (or, when negative, to a process group). Whether there was something to send it to. */
export function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The last lines of a log file, at most 4 kB; empty if there is none. */
export async function tailOf(file: string, lines = 12): Promise<string> {
  try {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, 4_096);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } finally {
      await handle.close();
    }
  } catch {
    return "";
  }
}
