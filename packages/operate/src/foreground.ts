import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Environment } from "@parley/devstack/environment";

/**
 * Runs a program that has the terminal, until it ends. Whoever asks this process to end ends the program; a Ctrl-C, which the
 * terminal sends to both, is for the program alone. Returns its exit code, 128 and the signal's number as a shell does.
 *
 * @throws the system's error if it cannot be run.
 */
export async function runInForeground(
  file: string,
  args: readonly string[],
  env: Environment,
): Promise<number> {
  const child = spawn(file, args, { stdio: "inherit", env });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  const [code, signal] = await ended;
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
