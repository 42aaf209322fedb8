import { DevstackError, type Progress } from "./environment.ts";

/** Writes one line to the standard output; a closed pipe is not an error. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Progress lines with the seconds since now in front. */
export function timedProgress(): Progress {
  const startedAt = performance.now();
  return (line) => say(`[${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s] ${line}`);
}

/** What a person should read about an error: the message alone if they can act on it, else the whole trace. */
export function errorText(error: unknown): string {
  if (error instanceof DevstackError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Resolves with the first of the signals that ask for an end. Later ones are taken and ignored. */
export function untilAskedToEnd(): Promise<NodeJS.Signals> {
  // Without these a closed terminal would end us in the middle of the shutdown.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}
