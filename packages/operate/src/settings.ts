import { resolve } from "node:path";
import { databaseServers } from "@parley/devstack/database";
import { type Environment, REPOSITORY, SettingError, variable } from "@parley/devstack/environment";
import { natsServers, type StackOptions } from "@parley/devstack/stack-options";
import { PORTS } from "@parley/devstack/stack-services";

/** The data folder: DATA_DIR, below the repository if it is relative; default `.data`. */
export function dataDirOf(env: Environment): string {
  return resolve(REPOSITORY, variable(env, "DATA_DIR") ?? ".data");
}

/** The options of a stack from the environment, with the documented default ports. @throws {SettingError} if one is invalid. */
export function stackOptionsFrom(env: Environment): StackOptions {
  const ports = Object.entries(PORTS).map(([name, { usual }]) => [name, portVariable(env, name) ?? usual]);
  const [natsUrl, databaseUrl] = [variable(env, "NATS_URL"), variable(env, "DATABASE_URL")];
  if (natsUrl !== undefined) natsServers(natsUrl);
  if (databaseUrl !== undefined) databaseServers(databaseUrl);
  return {
    dataDir: dataDirOf(env),
    env,
    host: variable(env, "HOST") ?? "127.0.0.1",
    ports: Object.fromEntries(ports),
    natsUrl,
    natsMonitorUrl: variable(env, "NATS_MONITOR_URL"),
    databaseUrl,
  };
}

/** The port number in a variable. @throws {SettingError} BAD_PORT if it is set and no port. */
export function portVariable(env: Environment, name: string): number | undefined {
  const value = variable(env, name);
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SettingError("BAD_PORT", `${name}=${value} is not a port (1 to 65535)`);
  }
  return port;
}
