import { execFile } from "node:child_process";
import { createInterface } from "node:readline";
import type { Environment, Progress } from "./environment.ts";

type CommandResult = Readonly<{ code: number | null; stdout: string; stderr: string }>;

type CommandOptions = Readonly<{
  cwd?: string;
  env?: Environment;
  /** Default 60 s. */
  timeoutMs?: number;
  uid?: number;
  gid?: number;
  /** Kills it. */
  signal?: AbortSignal | undefined;
  /** Called with each line of the standard output as it comes. */
  onLine?: Progress;
}>;

/**
 * Runs a program to its end and returns its output. The code is null, with the reason in `stderr`, for a program that
 * does not exist or that was killed at its deadline. Never throws.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  { timeoutMs = 60_000, onLine, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const limits = {
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: Number.POSITIVE_INFINITY,
    } as const;
    const child = execFile(command, args, { ...options, ...limits }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (error === null || typeof code === "number") return resolve({ code: Number(code), stdout, stderr });
      const reason = error.killed ? `ended after ${timeoutMs} ms` : error.message;
      resolve({ code: null, stdout, stderr: `${stderr}\n${reason}` });
    });
    child.stdin?.end();
    if (onLine !== undefined && child.stdout !== null) createInterface(child.stdout).on("line", onLine);
  });
}
