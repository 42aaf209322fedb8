import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, ownEnvironment, REPOSITORY } from "./environment.ts";
import { findProgram } from "./find-program.ts";
import { type NatsPasswords, natsPasswordEnv } from "./logins.ts";
import { findFreePort } from "./ports.ts";
import { missingAt, type Supervision, Unit } from "./unit.ts";

/** Permissions of each user. */
const USERS_FILE = join(REPOSITORY, "deploy/nats/users.conf");

type ClusterNode = Readonly<{
  /** Name of the server. */
  name: string;
  /** Port that the other nodes connect to. */
  port: number;
  /** Ports at which it reaches the other nodes. */
  routes: readonly number[];
}>;

type NatsOptions = Supervision &
  Readonly<{
    /** Holds the configuration and the streams (`jetstream/`); made if it is missing. */
    dataDir: string;
    /** Default: a free one. */
    port?: number | undefined;
    /** Default: a free one. */
    monitorPort?: number | undefined;
    /** Default: `nats.log` in dataDir. */
    logFile?: string | undefined;
    /** Passwords of the users in deploy/nats/users.conf. Left out: no login is needed. */
    passwords?: NatsPasswords | undefined;
    /** When JetStream syncs what it writes; default: always. */
    syncInterval?: string | undefined;
    /** More lines for the server's configuration file. */
    extraConfig?: string | undefined;
    /** One node of several. Left out: a server alone. */
    node?: ClusterNode | undefined;
    env?: Environment | undefined;
  }>;

/** A real nats-server with JetStream on 127.0.0.1 that syncs each write to the disk. */
export type NatsServer = Unit & Readonly<{ url: string; monitorUrl: string; port: number }>;

/**
 * Starts a nats-server and waits until it is ready.
 *
 * @throws {DevstackError} NATS_SERVER_* if there is no program, NOT_READY with the end of its log.
 */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const { dataDir, env = ownEnvironment(), passwords } = options;
  const binary = await findProgram("nats-server", { env, onProgress: options.onProgress });
  const port = options.port ?? (await findFreePort());
  const monitorPort = options.monitorPort ?? (await findFreePort());
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const logFile = options.logFile ?? join(dataDir, "nats.log");
  const configFile = join(dataDir, "nats.conf");
  const users = passwords === undefined ? "" : await readFile(USERS_FILE, "utf8");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(
    configFile,
    `${configText(options, port, monitorPort)}${users}\n${options.extraConfig ?? ""}\n`,
  );
  const unit = new Unit({
    ...options,
    name: options.node?.name ?? "nats",
    logFile,
    command: async () => ({
      command: binary,
      args: ["-c", configFile],
      logFile,
      env: { ...env, ...(passwords && natsPasswordEnv(passwords)) },
    }),
    missing: () => missingAt(`${monitorUrl}/healthz`),
  });
  await unit.startReady();
  return Object.assign(unit, { url: `nats://127.0.0.1:${port}`, monitorUrl, port });
}

function configText(
  { dataDir, node, syncInterval = "always" }: NatsOptions,
  port: number,
  monitorPort: number,
): string {
  return `server_name: ${node?.name ?? "parley"}
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: 1MB
max_pending: 64MB
max_connections: 20000
write_deadline: "10s"
jetstream {
  store_dir: ${JSON.stringify(join(dataDir, "jetstream"))}
  # An acknowledged message is on the disk: without this a power cut loses up to two minutes of them.
  sync_interval: ${syncInterval}
  max_memory_store: 256MB
  max_file_store: 64GB
}
${node === undefined ? "" : clusterText(node)}`;
}

function clusterText({ port, routes }: ClusterNode): string {
  return `cluster {
  name: parley
  listen: "127.0.0.1:${port}"
  # Nodes reach one another by their routes alone, which may pass through a proxy: nobody listens at this address.
  advertise: "127.0.0.1:1"
  no_advertise: true
  routes: [${routes.map((route) => `"nats-route://127.0.0.1:${route}"`).join(", ")}]
}
`;
}

type ClusterOptions = Omit<NatsOptions, "node" | "port" | "monitorPort" | "logFile"> &
  Readonly<{
    nodes: number;
    logsDir?: string | undefined;
    /** Gives the port at which node `from` reaches node `to`; default: its own. */
    routeTo?: (from: number, to: number, port: number) => Promise<number>;
  }>;

/**
 * Starts several nats-servers as one cluster, each with its data in a folder of its own, `nats-1` and so on, and waits
 * until all are ready.
 *
 * @throws {DevstackError} as `startNats`; then those that were started are stopped.
 */
export async function startNatsCluster(options: ClusterOptions): Promise<NatsServer[]> {
  const { nodes, dataDir, logsDir, routeTo = async (_from, _to, port) => port } = options;
  const ports = await Promise.all(Array.from({ length: nodes }, () => findFreePort()));
  const started = await Promise.allSettled(
    ports.map(async (port, from) => {
      const name = `nats-${from + 1}`;
      const routes: number[] = [];
      for (const [to, other] of ports.entries()) if (to !== from) routes.push(await routeTo(from, to, other));
      const logFile = logsDir && join(logsDir, `${name}.log`);
      return startNats({ ...options, dataDir: join(dataDir, name), logFile, node: { name, port, routes } });
    }),
  );
  const servers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failed.reason;
}
