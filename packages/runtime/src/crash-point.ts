import { ConfigError } from "./config.ts";

/** Places in the services at which a test can make the process kill itself. */
const CRASH_POINTS = [
  "producer-before-publish",
  "producer-before-ack",
  "writer-before-write",
  "writer-after-write",
  "writer-before-release",
  "auth-after-refresh-write",
] as const;
type CrashPoint = (typeof CRASH_POINTS)[number];

let armed: { name: string; left: number } | undefined;

/**
 * Arms the crash point of `CRASH_AT=<name>:<nth>`: the process kills itself with SIGKILL when it reaches that point for
 * the nth time. Does nothing without the variable.
 *
 * @throws {ConfigError} if there is no such point, or in production.
 * @example CRASH_AT=writer-after-write:3
 */
export function armCrashPoint(env: NodeJS.ProcessEnv): void {
  const setting = env.CRASH_AT ?? "";
  if (setting === "") return;
  if (env.NODE_ENV === "production")
    throw new ConfigError("configuration: CRASH_AT is refused when NODE_ENV=production");
  const [name = "", nth = "1"] = setting.split(":");
  if (!CRASH_POINTS.includes(name as CrashPoint) || !/^[1-9]\d*$/.test(nth))
    throw new ConfigError(
      `configuration: CRASH_AT is <name>:<nth>, with a name of ${CRASH_POINTS.join(", ")}`,
    );
  armed = { name, left: Number(nth) };
}

/** Marks a crash point: kills the process if this is the armed one, for the nth time. */
export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.left -= 1;
  if (armed.left === 0) process.kill(process.pid, "SIGKILL");
}
