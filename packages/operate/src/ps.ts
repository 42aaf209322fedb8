import { failureOf } from "@parley/devstack/database";
import {
  type Environment,
  loadDotEnv,
  ownEnvironment,
  SettingError,
  variable,
} from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { isLocked, pidOf, readPorts } from "@parley/devstack/run-dir";
import { isAlive } from "@parley/devstack/server-process";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { runMain, say } from "@parley/devstack/terminal";
import { missingAt } from "@parley/devstack/unit";
import { httpPortOf, httpUrlOf } from "./addresses.ts";
import { findInstallation } from "./installation.ts";
import { dataDirOf } from "./settings.ts";

// `make ps`: the processes of the running stack, and whether each is ready.
await runMain("make ps", async () => {
  loadDotEnv();
  const dataDir = dataDirOf(ownEnvironment());
  if (!isLocked(dataDir)) throw new SettingError("NOTHING_RUNS", `nothing runs on ${dataDir} (make start)`);
  const ports: Readonly<Record<string, string>> = readPorts(dataDir);
  const portOf: Readonly<Record<string, string | undefined>> = {
    nats: ports.NATS_PORT,
    postgres: ports.POSTGRES_PORT,
  };
  say(
    `${"name".padEnd(14)}${"pid".padEnd(9)}${"port".padEnd(7)}${"since".padEnd(13)}${"memory".padEnd(9)}state`,
  );
  const { variables } = await findInstallation(ownEnvironment());
  const names = ["nats", "postgres", ...SERVICE_NAMES].filter((name) => !Number.isNaN(pidOf(dataDir, name)));
  const rows = names.map(async (name) => {
    const pid = pidOf(dataDir, name);
    const port = portOf[name] ?? ports[httpPortOf(name) ?? ""] ?? "";
    const listed = await runCommand("ps", ["-o", "etime=,rss=", "-p", String(pid)]);
    const [since = "", kilobytes = "0"] = listed.stdout.trim().split(/\s+/);
    const memory = `${Math.round(Number(kilobytes) / 1_024)} MB`;
    const state = isAlive(pid) ? ((await missingOf(name, variables)) ?? "ready") : "ended";
    return `${name.padEnd(14)}${String(pid).padEnd(9)}${port.padEnd(7)}${since.padEnd(13)}${memory.padEnd(9)}${state}`;
  });
  for (const row of await Promise.all(rows)) say(row);
  return 0;
});

/** Why a process is not ready; undefined if it is. */
async function missingOf(name: string, env: Environment): Promise<string | undefined> {
  if (name === "postgres") return (await failureOf(variable(env, "DATABASE_URL") ?? ""))?.reason;
  if (name === "nats") return missingAt(`${variable(env, "NATS_MONITOR_URL")}/healthz`);
  return missingAt(`${httpUrlOf(name, env)}/health/ready`);
}
