import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cacheDir,
  type Environment,
  type Progress,
  REPOSITORY,
  variable,
} from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { missingAt, Unit } from "@parley/devstack/unit";

/** Newest traces that are kept, in memory: a message is one, and so is each publication and each batch with one in it. */
const TRACES_MAX = 50_000;

/** Where the services send traces if nothing else is said. */
const RECEIVER = "http://127.0.0.1:4318";

/** The receiver of traces, an URL. */
export const receiverOf = (env: Environment): string =>
  variable(env, "OTEL_EXPORTER_OTLP_ENDPOINT") ?? RECEIVER;

type JaegerOptions = Readonly<{
  env: Environment;
  dataDir: string;
  /** Where the services send traces, host:port. */
  receiver: string;
  /** Port of its page and its query API, on this machine only. */
  port: number;
  /** Whether it is fetched, or built of its source, if this machine has none. */
  isFetched: boolean;
  /** Gives up. */
  signal?: AbortSignal;
  onProgress?: Progress;
}>;

/** The configuration of Jaeger; JSON is YAML. A Jaeger that Go built has no page of its own. */
function jaegerConfig({ receiver, port, env }: JaegerOptions, program: string): string {
  const ui = program.startsWith(cacheDir(env))
    ? { assets_path: join(REPOSITORY, "deploy/observe/traces") }
    : {};
  const query = {
    storage: { traces: "memory" },
    http: { endpoint: `127.0.0.1:${port}` },
    // Nobody asks there: any free port.
    grpc: { endpoint: "127.0.0.1:0" },
    ui,
  };
  const config = {
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: TRACES_MAX } } } },
      jaeger_query: query,
    },
    receivers: { otlp: { protocols: { http: { endpoint: receiver } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: "memory" } },
    service: {
      extensions: ["jaeger_storage", "jaeger_query"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
    },
  };
  return JSON.stringify(config, null, 2);
}

/**
 * Starts Jaeger, which is started again when it dies; its traces are in memory. It is built if there is none, which takes
 * many minutes.
 *
 * @returns where its page and its query API are, and `stop`
 * @throws {DevstackError} PROGRAM_MISSING, NOT_READY
 */
export async function startJaeger(options: JaegerOptions) {
  const { env, dataDir, port, isFetched, signal, onProgress } = options;
  const command = await findProgram("jaeger", { env, isFetched, signal, onProgress });
  const folder = join(dataDir, "observe");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "jaeger.json");
  await writeFile(file, jaegerConfig(options, command));
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(dataDir, "logs", "jaeger.log");
  // It would trace itself, and send that to the services' receiver.
  const ownEnv = { ...env, OTEL_TRACES_SAMPLER: "always_off" };
  const unit = new Unit({
    name: "jaeger",
    supervise: true,
    onProgress,
    logFile,
    command: async () => ({ command, args: ["--config", `file:${file}`], env: ownEnv, logFile }),
    missing: () => missingAt(`${url}/api/services`),
  });
  await unit.startReady();
  return { url, stop: () => unit.stop() };
}
