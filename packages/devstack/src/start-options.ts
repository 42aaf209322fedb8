import { resolve } from "node:path";
import { type Environment, portVariable, REPOSITORY, variable } from "./environment.ts";
import type { StackOptions } from "./stack-options.ts";

/** The data folder: DATA_DIR, below the repository if it is relative; default `.data`. */
export function dataDirOf(env: Environment): string {
  return resolve(REPOSITORY, variable(env, "DATA_DIR") ?? ".data");
}

/** The options of a stack from the environment, with the documented default ports. @throws {DevstackError} BAD_PORT. */
export function stackOptionsFrom(env: Environment): StackOptions {
  return {
    dataDir: dataDirOf(env),
    env,
    host: variable(env, "HOST") ?? "127.0.0.1",
    ports: {
      AUTH_GRPC_PORT: portVariable(env, "AUTH_GRPC_PORT") ?? 50_051,
      AUTH_HTTP_PORT: portVariable(env, "AUTH_HTTP_PORT") ?? 8_080,
      PRODUCER_HTTP_PORT: portVariable(env, "PRODUCER_HTTP_PORT") ?? 8_081,
      CONSUMER_HTTP_PORT: portVariable(env, "CONSUMER_HTTP_PORT") ?? 8_082,
      WEB_PORT: portVariable(env, "WEB_PORT") ?? 8_083,
      NATS_PORT: portVariable(env, "NATS_PORT") ?? 4_222,
      NATS_MONITOR_PORT: portVariable(env, "NATS_MONITOR_PORT"),
      POSTGRES_PORT: portVariable(env, "POSTGRES_PORT") ?? 5_432,
    },
    natsUrl: variable(env, "NATS_URL"),
    natsMonitorUrl: variable(env, "NATS_MONITOR_URL"),
    databaseUrl: variable(env, "DATABASE_URL"),
  };
}
