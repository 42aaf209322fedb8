import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { logIn, postJson } from "@parley/devstack/accounts";
import { type Environment, type Progress, REPOSITORY, variable } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { keepSecrets } from "@parley/devstack/logins";
import { SERVICE_NAMES, urlOf } from "@parley/devstack/stack-services";
import { missingAt, Unit } from "@parley/devstack/unit";
import { httpUrlOf, metricsUrlOf } from "./addresses.ts";

/** Longest answer of auth, ms. */
const ANSWER_MS = 5_000;

type MonitoringOptions = Readonly<{
  env: Environment;
  dataDir: string;
  /** Ports of the running stack and their hosts, by variable. */
  ports: Readonly<Record<string, string>>;
  prometheusPort: number;
  canaryPort: number;
  canaryToken: string;
  /** Port of the Alertmanager on this machine that is told what fires. */
  alertmanagerPort?: number | undefined;
  /** How often Prometheus asks, and looks at its rules. */
  interval: string;
  onProgress?: Progress;
}>;

/** Where the canary's metrics are. */
const canaryUrlOf = ({ env, canaryPort }: MonitoringOptions) =>
  urlOf(canaryPort, variable(env, "METRICS_HOST"));

const logFileOf = (dataDir: string, name: string) => join(dataDir, "logs", `${name}.log`);

/** The configuration of Prometheus; JSON is YAML. */
function prometheusConfig(options: MonitoringOptions): string {
  const { ports, interval, alertmanagerPort } = options;
  const canaryUrl = canaryUrlOf(options);
  const targets = SERVICE_NAMES.map((name) => [name, metricsUrlOf(name, ports)]);
  const config = {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: [join(REPOSITORY, "deploy/observe/rules.yml")],
    ...(alertmanagerPort !== undefined && {
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
    }),
    scrape_configs: [...targets, ["canary", canaryUrl]].map(([job, url]) => ({
      job_name: job,
      static_configs: [{ targets: [url?.replace("http://", "")] }],
    })),
  };
  return JSON.stringify(config, null, 2);
}

async function prometheusUnit(options: MonitoringOptions, url: string): Promise<Unit> {
  const { env, dataDir, prometheusPort, onProgress } = options;
  const command = await findProgram("prometheus", { env, onProgress });
  const folder = join(dataDir, "observe");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "prometheus.yml");
  await writeFile(file, prometheusConfig(options));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    "--log.level=warn",
  ];
  const logFile = logFileOf(dataDir, "prometheus");
  return new Unit({
    name: "prometheus",
    supervise: true,
    onProgress,
    logFile,
    command: async () => ({ command, args, logFile }),
    missing: () => missingAt(`${url}/-/ready`),
  });
}

function canaryUnit(options: MonitoringOptions): Unit {
  const { env, dataDir, ports, canaryPort, canaryToken, onProgress } = options;
  const logFile = logFileOf(dataDir, "canary");
  const canaryEnv: Environment = {
    ...env,
    CANARY_TOKEN: canaryToken,
    CANARY_METRICS_PORT: String(canaryPort),
    CANARY_SEND_URL: httpUrlOf("ws-producer", ports),
    CANARY_LISTEN_URL: httpUrlOf("ws-consumer", ports),
  };
  const args = [join(REPOSITORY, "deploy/image/canary.ts")];
  return new Unit({
    name: "canary",
    supervise: true,
    onProgress,
    logFile,
    command: async () => ({ command: process.execPath, args, env: canaryEnv, logFile }),
    missing: () => missingAt(`${canaryUrlOf(options)}/metrics`),
  });
}

/**
 * Starts Prometheus with our rules, and the canary, beside a running stack; they are started again when they die.
 *
 * @returns where Prometheus is, and `stop`
 * @throws {DevstackError} PROGRAM_MISSING, NOT_READY
 */
export async function startMonitoring(options: MonitoringOptions) {
  const url = `http://127.0.0.1:${options.prometheusPort}`;
  const units = [await prometheusUnit(options, url), canaryUnit(options)];
  const stop = async () => void (await Promise.all(units.map((unit) => unit.stop())));
  try {
    await Promise.all(units.map((unit) => unit.startReady()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

type Admin = Readonly<{ username: string; password: string }>;

/**
 * The token of the canary's service account, which an admin makes at the first call, and again when auth refuses it; it is
 * kept beside the stack's other secrets.
 *
 * @throws {Error} with auth's answer if it refuses.
 */
export async function keepCanaryToken(dataDir: string, authUrl: string, admin: Admin): Promise<string> {
  const file = join(dataDir, "canary.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined && (await isRefused(authUrl, JSON.parse(kept)))) {
    await rm(file);
    return keepCanaryToken(dataDir, authUrl, admin);
  }
  const made = kept === undefined ? await newToken(authUrl, admin) : undefined;
  return await keepSecrets<string>(file, (text) => text ?? (made as string));
}

/** Whether auth knows that token no more; one that cannot be asked refuses nothing, and the canary will say so. */
async function isRefused(authUrl: string, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(`${authUrl}/api/v1/me`, { headers, signal }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 401;
}

async function newToken(authUrl: string, admin: Admin): Promise<string> {
  const { token } = await logIn(authUrl, admin);
  // A name is never given twice; the file may be gone.
  const name = `canary-${Date.now().toString(36)}`;
  const account = { name, displayName: "Canary", scopes: ["messages:read", "messages:write"] };
  const made = await postJson(`${authUrl}/api/v1/service-accounts`, account, token);
  return (made as { token: string }).token;
}
