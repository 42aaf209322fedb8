import { type Progress, reasonOf } from "./environment.ts";
import type { Exit } from "./server-process.ts";

const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A process that lived this long is well again: its next restart is quick. */
const SETTLED_MS = 10_000;

/** What a unit needs to know of a process that it started. */
export interface UnitProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Ends it in its own orderly way; resolves when it is gone. */
  stop(): Promise<void>;
  /** Sends a signal; resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** One supervised process of the stack, by name. */
export interface Unit {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** How often it was started again after it died by itself. */
  readonly restarts: number;
  /** How and when it last ended by itself, as text. */
  readonly lastExit: string | undefined;
  /** Whether it comes back by itself when it dies. */
  readonly willRestart: boolean;
  /** Starts it; nothing happens if it runs. Throws what the launch throws. */
  start(): Promise<void>;
  /** Stops it and leaves it stopped. */
  stop(): Promise<void>;
  /** Sends a signal (default SIGKILL) and waits until that process is gone; a supervised unit then comes back. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export type UnitOptions = Readonly<{
  name: string;
  launch: () => Promise<UnitProcess>;
  /** Whether it is started again when it dies: after 100 ms, then twice as long each time, at most 10 s. */
  supervise: boolean;
  onStopped: () => void;
  onProgress: Progress;
}>;

/** Makes a unit; it does not start it. */
export function createUnit(options: UnitOptions): Unit {
  const { name, launch, supervise, onStopped, onProgress } = options;
  let current: UnitProcess | undefined;
  let launching: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isWanted = false;
  let restarts = 0;
  let delayMs = RESTART_FIRST_MS;
  let lastExit: string | undefined;

  async function run(): Promise<void> {
    const startedAt = performance.now();
    const started = await launch().catch((error: unknown) => {
      onStopped();
      throw error;
    });
    current = started;
    void started.exited.then((exit) => {
      if (current === started) current = undefined;
      onStopped();
      if (!isWanted) return;
      lastExit = exit.signal ?? `exit code ${exit.code}`;
      if (performance.now() - startedAt >= SETTLED_MS) delayMs = RESTART_FIRST_MS;
      restartLater(`ended (${lastExit})`);
    });
  }

  function restartLater(reason: string): void {
    if (!supervise) {
      onProgress(`${name}: ${reason}`);
      return;
    }
    onProgress(`${name}: ${reason}, starting it again in ${delayMs} ms`);
    timer = setTimeout(() => {
      restarts += 1;
      launching = run()
        .catch((error: unknown) => {
          if (isWanted) restartLater(`did not start (${reasonOf(error)})`);
        })
        .finally(() => {
          launching = undefined;
        });
    }, delayMs);
    delayMs = Math.min(delayMs * 2, RESTART_MAX_MS);
  }

  return {
    name,
    get pid() {
      return current?.pid;
    },
    get restarts() {
      return restarts;
    },
    get lastExit() {
      return lastExit;
    },
    get willRestart() {
      return supervise && isWanted;
    },
    async start() {
      if (isWanted && (current !== undefined || launching !== undefined)) return launching;
      clearTimeout(timer);
      isWanted = true;
      delayMs = RESTART_FIRST_MS;
      launching = run().finally(() => {
        launching = undefined;
      });
      await launching;
    },
    async stop() {
      isWanted = false;
      clearTimeout(timer);
      await launching?.catch(() => undefined);
      await current?.stop();
    },
    async kill(signal = "SIGKILL") {
      await launching?.catch(() => undefined);
      await current?.kill(signal);
    },
  };
}
