import { resolve } from "node:path";
import { type Environment, portVariable, REPOSITORY, variable } from "./environment.ts";
import type { StackOptions } from "./stack-options.ts";
import { PORTS } from "./stack-services.ts";

/** The data folder: DATA_DIR, below the repository if it is relative; default `.data`. */
export function dataDirOf(env: Environment): string {
  return resolve(REPOSITORY, variable(env, "DATA_DIR") ?? ".data");
}

/** The options of a stack from the environment, with the documented default ports. @throws {DevstackError} BAD_PORT. */
export function stackOptionsFrom(env: Environment): StackOptions {
  const ports = Object.entries(PORTS).map(([name, { usual }]) => [name, portVariable(env, name) ?? usual]);
  return {
    dataDir: dataDirOf(env),
    env,
    host: variable(env, "HOST") ?? "127.0.0.1",
    ports: Object.fromEntries(ports),
    natsUrl: variable(env, "NATS_URL"),
    natsMonitorUrl: variable(env, "NATS_MONITOR_URL"),
    databaseUrl: variable(env, "DATABASE_URL"),
  };
}
