import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, SettingError, variable } from "@parley/devstack/environment";
import { keepLogins } from "@parley/devstack/logins";
import { isLocked, readPorts } from "@parley/devstack/run-dir";
import { dataDirOf } from "./settings.ts";

/** Where a running installation is, as variables for the tools of operators; values of the environment win. */
export type Installation = Readonly<{
  /** `stack` of `make start`, `containers` of `make up`, or where variables say. */
  kind: "stack" | "containers" | "variables";
  variables: Environment;
}>;

/**
 * Finds the running installation: the stack on DATA_DIR, else the containers whose passwords are in `.env`, else what
 * DATABASE_URL and NATS_URL name. Its variables log in as the owner of the database and as the operator of NATS, but on
 * servers that the environment names.
 *
 * @throws {SettingError} NOTHING_RUNS if there is none of them.
 */
export async function findInstallation(env: Environment): Promise<Installation> {
  const dataDir = dataDirOf(env);
  const [natsUrl, databaseUrl] = [variable(env, "NATS_URL"), variable(env, "DATABASE_URL")];
  if (isLocked(dataDir)) {
    const ports = readPorts(dataDir);
    const { nats } = await keepLogins(dataDir);
    const variables = {
      ...ports,
      ...(natsUrl === undefined && {
        ...operatorOf(`${ports.NATS_PORT}`, nats.operator),
        NATS_MONITOR_URL: `http://127.0.0.1:${ports.NATS_MONITOR_PORT}`,
      }),
      ...(databaseUrl === undefined && {
        DATABASE_URL: ownerUrl(`${ports.POSTGRES_PORT}`, ownPassword(dataDir)),
      }),
    };
    return { kind: "stack", variables: { ...env, ...variables } };
  }
  const [password, operator] = [variable(env, "POSTGRES_PASSWORD"), variable(env, "NATS_OPERATOR_PASSWORD")];
  if (password !== undefined && operator !== undefined) {
    const variables = {
      ...(natsUrl === undefined && operatorOf(variable(env, "NATS_PORT") ?? "4222", operator)),
      ...(databaseUrl === undefined && {
        DATABASE_URL: ownerUrl(variable(env, "POSTGRES_PORT") ?? "5432", password),
      }),
    };
    return { kind: "containers", variables: { ...env, ...variables } };
  }
  if (natsUrl !== undefined || databaseUrl !== undefined) return { kind: "variables", variables: env };
  const text = `nothing runs on ${dataDir}: make start, or name the servers in DATABASE_URL and NATS_URL`;
  throw new SettingError("NOTHING_RUNS", text);
}

function operatorOf(port: string, password: string): Environment {
  return { NATS_URL: `nats://127.0.0.1:${port}`, NATS_USER: "operator", NATS_PASSWORD: password };
}

function ownerUrl(port: string, password: string): string {
  return `postgres://parley:${password}@127.0.0.1:${port}/parley`;
}

/** The password of the owner of the stack's own database. */
function ownPassword(dataDir: string): string {
  return readFileSync(join(dataDir, "postgres/password"), "utf8").trim();
}
