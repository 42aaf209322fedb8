import { spawn } from "node:child_process";
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
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => {
      stderr += `\nended after ${timeoutMs} ms`;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    if (onLine !== undefined) createInterface(child.stdout).on("line", onLine);
    child.on("error", (error) => {
      stderr += error.message;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code !== null && code >= 0 ? code : null, stdout, stderr });
    });
  });
}
