import { DevstackError, type Progress, SettingError } from "./environment.ts";

/** Writes one line to the standard output. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Progress lines with the seconds since now in front. */
export function timedProgress(): Progress {
  const startedAt = performance.now();
  return (line) => say(`[${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s] ${line}`);
}

/** The text of an error for a terminal: its message if the reader can solve it, else the stack trace. */
export function errorText(error: unknown): string {
  if (error instanceof DevstackError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs an entry file and ends the process with the exit code that it returns. An error is told in the terminal, and the
 * exit code is 2 for a refused setting, else 1. A closed pipe or terminal (`make ps | head -1`) is not an error.
 */
export async function runMain(name: string, main: () => Promise<number>): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const code = await main().catch((error: unknown) => {
    process.stderr.write(`${name}: ${errorText(error)}\n`);
    return error instanceof SettingError ? 2 : 1;
  });
  process.exit(code);
}

/** Waits for `work` until `signal` aborts. @throws {DevstackError} INTERRUPTED on Ctrl-C or SIGTERM, so that the caller can clean up. */
export function untilInterrupted<T>(work: Promise<T>, signal = interruption()): Promise<T> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([work, interrupted]);
}

/** Aborts on Ctrl-C or SIGTERM with {DevstackError} INTERRUPTED: for work that cleans up before this process ends. */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  void untilAskedToEnd().then((signal) =>
    abort.abort(new DevstackError("INTERRUPTED", `ended by ${signal}`)),
  );
  return abort.signal;
}

/** Resolves with the first SIGINT, SIGTERM or SIGHUP. Later ones are ignored. */
export function untilAskedToEnd(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}
