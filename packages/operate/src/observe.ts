import { readFile } from "node:fs/promises";
import { loadDotEnv, SettingError } from "@parley/devstack/environment";
import { isLocked, readPorts } from "@parley/devstack/run-dir";
import { runMain, say, timedProgress, untilAskedToEnd } from "@parley/devstack/terminal";
import { httpUrlOf } from "./addresses.ts";
import { type DemoUser, demoUsersFile } from "./demo-users.ts";
import { keepCanaryToken, startMonitoring } from "./monitoring.ts";
import { dataDirOf, portVariable } from "./settings.ts";

const INTERVAL = "5s";

// `make observe`: Prometheus and the canary beside the running stack, until a signal ends them.
await runMain("make observe", async () => {
  loadDotEnv();
  const { env } = process;
  const ending = untilAskedToEnd();
  const dataDir = dataDirOf(env);
  if (!isLocked(dataDir)) throw new SettingError("NOTHING_RUNS", `nothing runs on ${dataDir} (make start)`);
  const ports = readPorts(dataDir);
  const { url, stop } = await startMonitoring({
    env,
    dataDir,
    ports,
    prometheusPort: portVariable(env, "PROMETHEUS_PORT") ?? 9_090,
    canaryPort: portVariable(env, "CANARY_METRICS_PORT") ?? 9_084,
    canaryToken: await canaryToken(dataDir, `${httpUrlOf("auth", ports)}`),
    interval: INTERVAL,
    onProgress: timedProgress(),
  });
  say(`\n  open ${url}/alerts\n`);
  say(`  ${"queries".padEnd(12)} ${url}/query?g0.expr=parley%3Aburn_rate%3A1h`);
  say(`  ${"targets".padEnd(12)} ${url}/targets`);
  say(`  ${"dashboards".padEnd(12)} deploy/observe/dashboards, for a Grafana of your own`);
  say(`  ${"alerts".padEnd(12)} what each means: docs/operations.md`);
  say("\nCtrl-C stops Prometheus and the canary; the stack goes on.");
  await ending;
  await stop();
  return 0;
});

/** The first demo user of `make start` is an admin, who makes the canary's account. */
async function canaryToken(dataDir: string, authUrl: string): Promise<string> {
  const text = await readFile(demoUsersFile(dataDir), "utf8").catch(() => "[]");
  const [admin] = JSON.parse(text) as DemoUser[];
  if (admin === undefined)
    throw new SettingError("NO_ADMIN", `there are no demo users in ${dataDir} (make start)`);
  return await keepCanaryToken(dataDir, authUrl, admin);
}
