import { armCrashPoint } from "./crash-point.ts";
import { createLog, type Log } from "./log.ts";

/** How long a process may take to close everything before it is ended, ms. */
const CLOSE_DEADLINE_MS = 15_000;

export type ServiceContext = Readonly<{
  log: Log;
  /** Registers what must be closed at the end; the last registered is closed first. */
  onClose: (close: () => Promise<void> | void) => void;
}>;

/**
 * Runs one process: starts it, closes it on SIGTERM or SIGINT, and ends it with 1
 * on a fault that nobody caught, so that whoever supervises starts a clean one.
 */
export async function runService(
  name: string,
  env: NodeJS.ProcessEnv,
  start: (context: ServiceContext) => Promise<void>,
): Promise<void> {
  const log = createLog(name, env.LOG_LEVEL ?? "info");
  const closers: (() => Promise<void> | void)[] = [];
  let closing = false;
  const close = async (reason: string, exitCode: number) => {
    if (closing) return;
    closing = true;
    setTimeout(() => {
      log.error({ reason }, "did not close in time");
      process.exit(exitCode || 1);
    }, CLOSE_DEADLINE_MS).unref();
    log.info({ reason }, "closing");
    for (const closer of closers.reverse()) {
      try {
        await closer();
      } catch (err) {
        log.error({ err }, "a part did not close");
      }
    }
    log.info("closed");
    process.exit(exitCode);
  };
  const fault = (err: unknown) => {
    log.fatal({ err }, "unexpected fault");
    void close("fault", 1);
  };
  process.on("SIGTERM", () => void close("SIGTERM", 0));
  process.on("SIGINT", () => void close("SIGINT", 0));
  process.on("uncaughtException", fault);
  process.on("unhandledRejection", fault);
  try {
    armCrashPoint(env);
    await start({ log, onClose: (closer) => closers.push(closer) });
    log.info("started");
  } catch (err) {
    log.fatal({ err }, "could not start");
    await close("could not start", 1);
  }
}
