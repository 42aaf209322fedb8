import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { logIn, postJson } from "./accounts.ts";
import { type Environment, type Progress, REPOSITORY } from "./environment.ts";
import { findProgram } from "./find-program.ts";
import { keepSecrets } from "./logins.ts";
import type { PortVariable } from "./stack-services.ts";
import { missingAt, Unit } from "./unit.ts";

/** The label `job` of each process, and the variable of its port for operators. */
const JOBS = {
  auth: "AUTH_METRICS_PORT",
  "ws-producer": "PRODUCER_METRICS_PORT",
  "ws-consumer": "CONSUMER_METRICS_PORT",
  web: "WEB_METRICS_PORT",
} as const satisfies Readonly<Record<string, PortVariable>>;

type MonitoringOptions = Readonly<{
  env: Environment;
  dataDir: string;
  /** Ports of the running stack, by variable. */
  ports: Readonly<Record<string, string>>;
  prometheusPort: number;
  canaryPort: number;
  canaryToken: string;
  /** How often Prometheus asks, and looks at its rules. */
  interval: string;
  onProgress?: Progress;
}>;

const logFileOf = (dataDir: string, name: string) => join(dataDir, "logs", `${name}.log`);

/** The configuration of Prometheus; JSON is YAML. */
function prometheusConfig({ ports, canaryPort, interval }: MonitoringOptions): string {
  const targets = Object.entries(JOBS).map(([job, variable]) => [job, ports[variable]]);
  const config = {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: [join(REPOSITORY, "deploy/observe/rules.yml")],
    scrape_configs: [...targets, ["canary", canaryPort]].map(([job, port]) => ({
      job_name: job,
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
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

function canaryUnit({ env, dataDir, ports, canaryPort, canaryToken, onProgress }: MonitoringOptions): Unit {
  const logFile = logFileOf(dataDir, "canary");
  const canaryEnv: Environment = {
    ...env,
    CANARY_TOKEN: canaryToken,
    CANARY_METRICS_PORT: String(canaryPort),
    CANARY_SEND_URL: `http://127.0.0.1:${ports.PRODUCER_HTTP_PORT}`,
    CANARY_LISTEN_URL: `http://127.0.0.1:${ports.CONSUMER_HTTP_PORT}`,
  };
  const args = [join(REPOSITORY, "deploy/image/canary.ts")];
  return new Unit({
    name: "canary",
    supervise: true,
    onProgress,
    logFile,
    command: async () => ({ command: process.execPath, args, env: canaryEnv, logFile }),
    missing: () => missingAt(`http://127.0.0.1:${canaryPort}/metrics`),
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
 * The token of the canary's service account, which an admin makes at the first call; it is kept beside the stack's other
 * secrets.
 *
 * @throws {Error} with auth's answer if it refuses.
 */
export async function keepCanaryToken(dataDir: string, authUrl: string, admin: Admin): Promise<string> {
  const file = join(dataDir, "canary.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  const made = kept === undefined ? await newToken(authUrl, admin) : undefined;
  return await keepSecrets<string>(file, (text) => text ?? (made as string));
}

async function newToken(authUrl: string, admin: Admin): Promise<string> {
  const { token } = await logIn(authUrl, admin);
  // A name is never given twice; the file may be gone.
  const name = `canary-${Date.now().toString(36)}`;
  const account = { name, displayName: "Canary", scopes: ["messages:read", "messages:write"] };
  const made = await postJson(`${authUrl}/api/v1/service-accounts`, account, token);
  return (made as { token: string }).token;
}
