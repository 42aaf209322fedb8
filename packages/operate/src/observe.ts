import { readFile } from "node:fs/promises";
import { type Environment, loadDotEnv, type Progress, SettingError } from "@parley/devstack/environment";
import { isLocked, readPorts } from "@parley/devstack/run-dir";
import { errorText, runMain, say, timedProgress, untilAskedToEnd } from "@parley/devstack/terminal";
import { httpUrlOf } from "./addresses.ts";
import { alertmanagerConfig, startAlertmanager } from "./alertmanager.ts";
import { type DemoUser, demoUsersFile } from "./demo-users.ts";
import { receiverOf, startJaeger } from "./jaeger.ts";
import { keepCanaryToken, startMonitoring } from "./monitoring.ts";
import { dataDirOf, portVariable } from "./settings.ts";

const INTERVAL = "5s";
const THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]"];

// `make observe`: Prometheus, the canary, Jaeger and perhaps Alertmanager beside the running stack, until a signal ends them.
await runMain("make observe", async () => {
  loadDotEnv();
  const { env } = process;
  const ending = untilAskedToEnd();
  const dataDir = dataDirOf(env);
  if (!isLocked(dataDir)) throw new SettingError("NOTHING_RUNS", `nothing runs on ${dataDir} (make start)`);
  const ports = readPorts(dataDir);
  const file = alertmanagerConfig(env);
  const alertmanagerPort = portVariable(env, "ALERTMANAGER_PORT") ?? 9_093;
  const monitor = async () =>
    await startMonitoring({
      env,
      dataDir,
      ports,
      prometheusPort: portVariable(env, "PROMETHEUS_PORT") ?? 9_090,
      canaryPort: portVariable(env, "CANARY_METRICS_PORT") ?? 9_084,
      canaryToken: await canaryToken(dataDir, `${httpUrlOf("auth", ports)}`),
      alertmanagerPort: file === undefined ? undefined : alertmanagerPort,
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
  if (file === undefined) say(`  ${"told".padEnd(12)} nobody: ALERTMANAGER_CONFIG names no file of yours`);
  say("\nCtrl-C stops them; the stack goes on.");
  const abort = new AbortController();
  const options = { env, dataDir, signal: abort.signal, onProgress: timedProgress() };
  const others = [beside("traces", abort.signal, () => traces(options))];
  if (file !== undefined)
    others.push(beside("told", abort.signal, () => alerts({ ...options, file, port: alertmanagerPort })));
  await ending;
  abort.abort();
  // What still starts ends with this process.
  const stops = await Promise.all(others.map((other) => Promise.race([other, Promise.resolve(undefined)])));
  await Promise.all([stop(), ...stops.map((stopOne) => stopOne?.())]);
  return 0;
});

type Beside = Readonly<{ env: Environment; dataDir: string; signal: AbortSignal; onProgress: Progress }>;

/** Starts something that may have to be built, and says what came of it. Never throws: the rest does without. */
async function beside(
  what: string,
  signal: AbortSignal,
  start: () => Promise<{ lines: string[]; stop: () => Promise<void> }>,
): Promise<(() => Promise<void>) | undefined> {
  try {
    const { lines, stop } = await start();
    say(`\n${lines.map((line, i) => `  ${(i === 0 ? what : "").padEnd(12)} ${line}`).join("\n")}\n`);
    return stop;
  } catch (error) {
    if (!signal.aborted) say(`\n  ${what.padEnd(12)} ${errorText(error)}\n`);
    return undefined;
  }
}

/** Jaeger, if the services send traces to this machine. */
async function traces(options: Beside) {
  const receiver = new URL(receiverOf(options.env));
  if (!THIS_MACHINE.includes(receiver.hostname))
    return { lines: [`go to ${receiver.origin}`], stop: async () => undefined };
  const port = portVariable(options.env, "JAEGER_PORT") ?? 16_686;
  const { url, stop } = await startJaeger({ ...options, receiver: receiver.host, port, isFetched: true });
  const search = `${url}/search?service=ws-consumer&operation=store`;
  return { lines: [search, "of every message after `make start TRACES=1`; docs/operations.md"], stop };
}

/** An Alertmanager, with a file of one's own. */
async function alerts(options: Beside & { file: string; port: number }) {
  const { url, stop } = await startAlertmanager({ ...options, isFetched: true });
  return { lines: [url, `who is told: ${options.file}`], stop };
}

/** The first demo user of `make start` is an admin, who makes the canary's account. */
async function canaryToken(dataDir: string, authUrl: string): Promise<string> {
  const text = await readFile(demoUsersFile(dataDir), "utf8").catch(() => "[]");
  const [admin] = JSON.parse(text) as DemoUser[];
  if (admin === undefined)
    throw new SettingError("NO_ADMIN", `there are no demo users in ${dataDir} (make start)`);
  return await keepCanaryToken(dataDir, authUrl, admin);
}
