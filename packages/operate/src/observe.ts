import { readFile } from "node:fs/promises";
import { type Environment, loadDotEnv, SettingError } from "@parley/devstack/environment";
import { isLocked, readPorts } from "@parley/devstack/run-dir";
import { errorText, runMain, say, timedProgress, untilAskedToEnd } from "@parley/devstack/terminal";
import { httpUrlOf } from "./addresses.ts";
import { type DemoUser, demoUsersFile } from "./demo-users.ts";
import { receiverOf, startJaeger } from "./jaeger.ts";
import { keepCanaryToken, startMonitoring } from "./monitoring.ts";
import { dataDirOf, portVariable } from "./settings.ts";

const INTERVAL = "5s";
const THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]"];

// `make observe`: Prometheus, the canary and Jaeger beside the running stack, until a signal ends them.
await runMain("make observe", async () => {
  loadDotEnv();
  const { env } = process;
  const ending = untilAskedToEnd();
  const dataDir = dataDirOf(env);
  if (!isLocked(dataDir)) throw new SettingError("NOTHING_RUNS", `nothing runs on ${dataDir} (make start)`);
  const ports = readPorts(dataDir);
  const monitor = async () =>
    await startMonitoring({
      env,
      dataDir,
      ports,
      prometheusPort: portVariable(env, "PROMETHEUS_PORT") ?? 9_090,
      canaryPort: portVariable(env, "CANARY_METRICS_PORT") ?? 9_084,
      canaryToken: await canaryToken(dataDir, `${httpUrlOf("auth", ports)}`),
      interval: INTERVAL,
      onProgress: timedProgress(),
    });
  const starting = monitor();
  const started = await Promise.race([starting, ending]);
  // What was started ends with this process.
  if (typeof started === "string") return 0;
  const { url, stop } = started;
  say(`\n  open ${url}/alerts\n`);
  say(`  ${"queries".padEnd(12)} ${url}/query?g0.expr=parley%3Aburn_rate%3A1h`);
  say(`  ${"targets".padEnd(12)} ${url}/targets`);
  say(`  ${"dashboards".padEnd(12)} deploy/observe/dashboards, for a Grafana of your own`);
  say(`  ${"alerts".padEnd(12)} what each means: docs/operations.md`);
  say("\nCtrl-C stops them; the stack goes on.");
  const abort = new AbortController();
  const traces = observeTraces(env, dataDir, abort.signal);
  await ending;
  abort.abort();
  // A Jaeger that still starts ends with this process.
  const stopTraces = await Promise.race([traces, Promise.resolve(undefined)]);
  await Promise.all([stop(), stopTraces?.()]);
  return 0;
});

/**
 * Starts Jaeger if the services send traces to this machine, and says what to open: later than the rest, as it may have to be
 * built. Never throws: the rest does without.
 *
 * @returns what stops it
 */
async function observeTraces(
  env: Environment,
  dataDir: string,
  signal: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  try {
    const receiver = new URL(receiverOf(env));
    if (!THIS_MACHINE.includes(receiver.hostname)) {
      say(`  ${"traces".padEnd(12)} go to ${receiver.origin}`);
      return undefined;
    }
    const port = portVariable(env, "JAEGER_PORT") ?? 16_686;
    const onProgress = timedProgress();
    const options = { env, dataDir, receiver: receiver.host, port, isFetched: true, signal, onProgress };
    const { url, stop } = await startJaeger(options);
    say(`\n  ${"traces".padEnd(12)} ${url}/search?service=ws-consumer&operation=store`);
    say(`  ${"".padEnd(12)} of every message after \`make start TRACES=1\`; docs/operations.md\n`);
    return stop;
  } catch (error) {
    if (!signal.aborted) say(`\n  ${"traces".padEnd(12)} there is no Jaeger: ${errorText(error)}\n`);
    return undefined;
  }
}

/** The first demo user of `make start` is an admin, who makes the canary's account. */
async function canaryToken(dataDir: string, authUrl: string): Promise<string> {
  const text = await readFile(demoUsersFile(dataDir), "utf8").catch(() => "[]");
  const [admin] = JSON.parse(text) as DemoUser[];
  if (admin === undefined)
    throw new SettingError("NO_ADMIN", `there are no demo users in ${dataDir} (make start)`);
  return await keepCanaryToken(dataDir, authUrl, admin);
}
