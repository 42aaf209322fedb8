import { loadDotEnv, ownEnvironment, SettingError } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { isLocked, pidOf, readPorts } from "@parley/devstack/run-dir";
import { isAlive } from "@parley/devstack/server-process";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { runMain, say } from "@parley/devstack/terminal";
import { missingAt } from "@parley/devstack/unit";
import { httpPortOf, httpUrlOf } from "./addresses.ts";
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
  for (const name of ["nats", "postgres", ...SERVICE_NAMES]) {
    const pid = pidOf(dataDir, name);
    if (Number.isNaN(pid)) continue;
    const port = portOf[name] ?? ports[httpPortOf(name) ?? ""] ?? "";
    const [since = "", kilobytes = "0"] = (
      await runCommand("ps", ["-o", "etime=,rss=", "-p", String(pid)])
    ).stdout
      .trim()
      .split(/\s+/);
    const memory = `${Math.round(Number(kilobytes) / 1_024)} MB`;
    const state = await stateOf(pid, httpUrlOf(name, ports));
    say(
      `${name.padEnd(14)}${String(pid).padEnd(9)}${port.padEnd(7)}${since.padEnd(13)}${memory.padEnd(9)}${state}`,
    );
  }
  return 0;
});

async function stateOf(pid: number, url: string | undefined): Promise<string> {
  if (!isAlive(pid)) return "ended";
  if (url === undefined) return "runs";
  return (await missingAt(`${url}/health/ready`)) ?? "ready";
}
