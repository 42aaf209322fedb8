import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DevstackError,
  type Environment,
  ownEnvironment,
  type Progress,
  REPOSITORY,
  sleep,
} from "./environment.ts";
import { keepServer, type LocalServer } from "./local-server.ts";
import { type NatsPasswords, natsPasswordEnv } from "./logins.ts";
import { findNatsServer } from "./nats-binary.ts";
import { findFreePort } from "./ports.ts";
import { type ServerProcess, spawnServer, tailOf } from "./server-process.ts";

const READY_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 10_000;
/** Who may do what. */
const USERS_FILE = join(REPOSITORY, "deploy/nats/users.conf");

export type NatsOptions = Readonly<{
  /** Holds the configuration and the log of messages (`jetstream/`); made if it is missing. */
  dataDir: string;
  /** Default: a free one. */
  port?: number | undefined;
  /** Default: a free one. */
  monitorPort?: number | undefined;
  /** Default: `nats.log` in dataDir. */
  logFile?: string | undefined;
  /** Passwords of the users in deploy/nats/users.conf, to whom the server is open then; left out: to everybody. */
  passwords?: NatsPasswords | undefined;
  /** More lines for the server's configuration file. */
  extraConfig?: string | undefined;
  /** The program; default: findNatsServer. */
  binary?: string | undefined;
  env?: Environment;
  onProgress?: Progress | undefined;
  /** Called with each new pid as soon as there is one. */
  onSpawn?: ((pid: number) => void) | undefined;
}>;

/** A real nats-server with JetStream that syncs each write to the disk, on 127.0.0.1. */
export interface NatsServer extends LocalServer {
  readonly url: string;
  readonly monitorUrl: string;
  readonly port: number;
}

/**
 * Starts a nats-server and waits until it answers.
 *
 * @throws {DevstackError} NATS_SERVER_* if there is no program, NATS_NOT_READY with the end of its log.
 */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const env = options.env ?? ownEnvironment();
  const binary = options.binary ?? (await findNatsServer({ env, onProgress: options.onProgress }));
  const port = options.port ?? (await findFreePort());
  const monitorPort = options.monitorPort ?? (await findFreePort());
  await mkdir(options.dataDir, { recursive: true });
  const configFile = join(options.dataDir, "nats.conf");
  const users = options.passwords === undefined ? "" : await readFile(USERS_FILE, "utf8");
  const more = `${users}${options.extraConfig ?? ""}`;
  await writeFile(configFile, configText(options.dataDir, port, monitorPort, more));
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;
  const logFile = options.logFile ?? join(options.dataDir, "nats.log");
  const launch = async () => {
    const started = await spawnServer({
      command: binary,
      args: ["-c", configFile],
      logFile,
      env: { ...env, ...(options.passwords && natsPasswordEnv(options.passwords)) },
      onSpawn: options.onSpawn,
    });
    await untilReady(started, monitorUrl, logFile);
    return started;
  };
  const server = await keepServer(launch, "SIGTERM", STOP_GRACE_MS);
  return Object.assign(server, { url: `nats://127.0.0.1:${port}`, monitorUrl, port });
}

function configText(dataDir: string, port: number, monitorPort: number, extra: string): string {
  return `server_name: parley
listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: 1MB
max_pending: 64MB
max_connections: 20000
write_deadline: "10s"
jetstream {
  store_dir: ${JSON.stringify(join(dataDir, "jetstream"))}
  # An acknowledged message is on the disk: without this a power cut loses up to two minutes of them.
  sync_interval: always
  max_memory_store: 256MB
  max_file_store: 64GB
}
${extra}
`;
}

async function untilReady(server: ServerProcess, monitorUrl: string, logFile: string): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (server.alive && performance.now() < deadline) {
    const answer = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.status === 200 && server.alive) return;
    await sleep(15);
  }
  const why = server.alive ? `does not answer on ${monitorUrl}` : "ended at once";
  await server.end("SIGKILL");
  throw new DevstackError(
    "NATS_NOT_READY",
    `nats-server ${why}; the end of ${logFile}:\n${await tailOf(logFile)}`,
  );
}
