import { ConfigError } from "./config.ts";
import { armCrashPoint } from "./crash-point.ts";
import { createLog, type Log } from "./log.ts";
import { LOG_LEVELS } from "./variables.ts";

/** Deadline of closing everything but what was given a time of its own, ms; the process exits then. */
export const CLOSE_DEADLINE_MS = 15_000;
/** Exit code when a setting is refused. */
const CONFIG_EXIT_CODE = 2;

export type ServiceContext = Readonly<{
  log: Log;
  /**
   * Registers a function that closes something when the process ends. The last registered is called first. `ownMs`: the
   * time that it may take by plan, such as a drain; the deadline of closing is so much later.
   */
  onClose: (close: () => Promise<void> | void, ownMs?: number) => void;
}>;

/** The level for the log; a wrong one is refused later, with the other settings, by `readConfig`. */
const levelOf = (level: string | undefined) => LOG_LEVELS.find((known) => known === level) ?? "info";

/**
 * Runs a service: starts it, closes it on SIGTERM or SIGINT, and exits with 1 on an uncaught error, so that its
 * supervisor starts a new process. A refused setting is logged in one line and exits with 2.
 *
 * @example await runService("auth", process.env, async ({ log, onClose }) => { … })
 */
export async function runService(
  name: string,
  env: NodeJS.ProcessEnv,
  start: (context: ServiceContext) => Promise<void>,
): Promise<void> {
  const log = createLog(name, levelOf(env.LOG_LEVEL));
  const closers: (() => Promise<void> | void)[] = [];
  let deadlineMs = CLOSE_DEADLINE_MS;
  let closing = false;
  const close = async (reason: string, exitCode: number) => {
    if (closing) return;
    closing = true;
    setTimeout(() => {
      log.error({ reason }, "did not close in time");
      process.exit(exitCode || 1);
    }, deadlineMs).unref();
    log.info({ reason }, "closing");
    for (const closer of closers.reverse()) {
      try {
        await closer();
      } catch (err) {
        log.error({ err }, "closing failed");
      }
    }
    log.info("closed");
    process.exit(exitCode);
  };
  const onUncaught = (err: unknown) => {
    log.fatal({ err }, "uncaught error");
    void close("uncaught error", 1);
  };
  process.on("SIGTERM", () => void close("SIGTERM", 0));
  process.on("SIGINT", () => void close("SIGINT", 0));
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
  try {
    armCrashPoint(env);
    const onClose: ServiceContext["onClose"] = (closer, ownMs = 0) => {
      closers.push(closer);
      deadlineMs += ownMs;
    };
    await start({ log, onClose });
    log.info("started");
  } catch (err) {
    // A setting that is refused needs a person, not a stack and not another try.
    if (err instanceof ConfigError) log.fatal(err.message);
    else log.fatal({ err }, "could not start");
    await close("could not start", err instanceof ConfigError ? CONFIG_EXIT_CODE : 1);
  }
}
