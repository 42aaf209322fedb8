import { ConfigError } from "./config.ts";

/** Each place in a service at which a process can be made to die: what a crash there must not break is in its name. */
export const CRASH_POINTS = [
  "producer-before-publish",
  "producer-before-ack",
  "writer-before-write",
  "writer-after-write",
  "writer-before-release",
  "auth-after-refresh-write",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

let armed: { name: string; left: number } | undefined;

/**
 * Arms the crash point that `CRASH_AT=<name>:<nth>` names: the process kills itself when it comes there for the nth
 * time, as `kill -9` would. Without the variable nothing is armed.
 *
 * @throws {ConfigError} if there is no such point, or in production.
 */
export function armCrashPoint(env: NodeJS.ProcessEnv): void {
  const wish = env.CRASH_AT ?? "";
  if (wish === "") return;
  if (env.NODE_ENV === "production")
    throw new ConfigError("configuration: CRASH_AT is refused when NODE_ENV=production");
  const [name = "", nth = "1"] = wish.split(":");
  if (!CRASH_POINTS.includes(name as CrashPoint) || !/^[1-9]\d*$/.test(nth))
    throw new ConfigError(
      `configuration: CRASH_AT is <name>:<nth>, with a name of ${CRASH_POINTS.join(", ")}`,
    );
  armed = { name, left: Number(nth) };
}

/** Says that the process is at a crash point. */
export function crashPoint(name: CrashPoint): void {
  if (armed === undefined || armed.name !== name) return;
  armed.left -= 1;
  if (armed.left === 0) process.kill(process.pid, "SIGKILL");
}
