import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { waitForDatabase } from "./database.ts";
import {
  DevstackError,
  type Environment,
  ownEnvironment,
  REPOSITORY,
  reasonOf,
  variable,
} from "./environment.ts";
import { databaseLoginOf, grpcCredentialOf, type Logins, natsLoginOf } from "./logins.ts";
import { startNats } from "./nats-server.ts";
import { startPostgres } from "./postgres-server.ts";
import { natsServers, type StackOptions } from "./stack-options.ts";
import { closeMsOf, type Ports, type ServicePlan, urlOf } from "./stack-services.ts";
import { askedAt, missingAt, type Supervision, Unit } from "./unit.ts";

/** Exit code of a service whose settings are refused (packages/runtime/src/service.ts). */
const SETTING_REFUSED = 2;
/** As in the images: half of Node's own limit for new objects (docs/decisions/0020). */
const YOUNG_HEAP = "--max-semi-space-size=16";

/** What the units of a stack are made from. */
type StackContext = Readonly<{
  options: StackOptions;
  ports: Ports;
  host: string;
  logins: Logins;
  supervision: (name: string) => Supervision;
}>;

/** Addresses of NATS and Postgres, the stack's own or existing ones. */
export type Servers = Readonly<{
  natsUrl: string;
  natsMonitorUrl: string | undefined;
  /** As the owner of everything in it. */
  databaseUrl: string;
}>;

/** Starts NATS and Postgres in parallel, or checks the existing ones; adds those it started to `units`. */
export async function startServers(context: StackContext, units: Unit[]): Promise<Servers> {
  // Wait for both, so that a failure of one never leaves the other half started.
  const [nats, url] = await Promise.allSettled([findNats(context, units), findDatabase(context, units)]);
  if (nats.status === "rejected") throw nats.reason;
  if (url.status === "rejected") throw url.reason;
  return { ...nats.value, databaseUrl: url.value };
}

async function findNats({ options, ports, logins, supervision }: StackContext, units: Unit[]) {
  const { natsUrl, natsMonitorUrl, dataDir, env } = options;
  if (natsUrl !== undefined) {
    await requireNats(natsUrl);
    return { natsUrl, natsMonitorUrl };
  }
  const server = await startNats({
    ...supervision("nats"),
    dataDir: join(dataDir, "nats"),
    port: ports.NATS_PORT,
    monitorPort: ports.NATS_MONITOR_PORT,
    logFile: join(dataDir, "logs/nats.log"),
    passwords: logins.nats,
    env,
  });
  units.push(server);
  return { natsUrl: server.url, natsMonitorUrl: server.monitorUrl };
}

async function findDatabase({ options, ports, supervision }: StackContext, units: Unit[]) {
  const { databaseUrl, dataDir, onProgress } = options;
  if (databaseUrl !== undefined) {
    await waitForDatabase(databaseUrl, (why) => onProgress?.(`postgres: waiting (${why})`));
    return databaseUrl;
  }
  const server = await startPostgres({
    ...supervision("postgres"),
    dataDir: join(dataDir, "postgres"),
    port: ports.POSTGRES_PORT,
    logFile: join(dataDir, "logs/postgres.log"),
  });
  units.push(server);
  return server.url;
}

/** One process of a service. */
export function serviceUnit(plan: ServicePlan, url: string, servers: Servers, context: StackContext): Unit {
  const { options, ports, host, logins } = context;
  const { name, service } = plan;
  const { natsUrl, natsMonitorUrl, databaseUrl } = servers;
  const env: Environment = {
    ...(options.env ?? ownEnvironment()),
    ...Object.fromEntries(Object.entries(ports).map(([variable, port]) => [variable, String(port)])),
    HOST: host,
    DATA_DIR: options.dataDir,
    NATS_URL: natsUrl,
    ...(natsMonitorUrl === undefined ? {} : { NATS_MONITOR_URL: natsMonitorUrl }),
    AUTH_GRPC_URL: `localhost:${ports.AUTH_GRPC_PORT}`,
    ...natsLoginOf(service, options.natsUrl === undefined ? logins.nats : undefined),
    ...databaseLoginOf(service, databaseUrl, options.databaseUrl === undefined ? logins.database : undefined),
    ...plan.env,
    ...options.serviceEnv?.[service],
    ...options.serviceEnv?.[name],
  };
  const logFile = join(options.dataDir, "logs", `${name}.log`);
  const credential = grpcCredentialOf(env, logins);
  const metricsUrl = urlOf(plan.metricsPort, variable(env, "METRICS_HOST"));
  const source = join(REPOSITORY, "services", service, "src/main.ts");
  const entry = () => options.entries?.[name] ?? options.entries?.[service] ?? source;
  const command = () => ({ command: process.execPath, args: [YOUNG_HEAP, entry()], cwd: REPOSITORY });
  return new Unit({
    ...context.supervision(name),
    name,
    logFile,
    command: async () => ({ ...command(), env: { ...env, ...credential }, logFile }),
    refusedCode: SETTING_REFUSED,
    graceMs: closeMsOf(env),
    missing: async () => {
      const fault = await askedAt(`${url}/health/ready`);
      if (!fault?.isAnswered) return fault?.reason;
      return (await missingAt(`${metricsUrl}/health/detail`)) ?? fault.reason;
    },
  });
}

/** Longest wait for the first line of an existing NATS server, ms. */
const NATS_ANSWER_MS = 10_000;

/** Checks that an existing NATS server answers. @throws {DevstackError} NATS_UNREACHABLE if none does. */
async function requireNats(url: string): Promise<void> {
  const reasons: string[] = [];
  for (const { hostname, port } of natsServers(url)) {
    const socket = connect({ host: hostname, port: Number(port || 4222) });
    const answered = once(socket, "data", { signal: AbortSignal.timeout(NATS_ANSWER_MS) });
    const reason = await answered.then(() => undefined, reasonOf);
    socket.on("error", () => undefined).destroy();
    if (reason === undefined) return;
    reasons.push(`${hostname}:${port || 4222}: ${reason}`);
  }
  throw new DevstackError("NATS_UNREACHABLE", `NATS_URL: ${reasons.join("; ")}`);
}
