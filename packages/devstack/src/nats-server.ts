import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, ownEnvironment, REPOSITORY } from "./environment.ts";
import { findProgram } from "./find-program.ts";
import { type NatsPasswords, natsPasswordEnv } from "./logins.ts";
import { findFreePort } from "./ports.ts";
import { missingAt, type Supervision, Unit } from "./unit.ts";

/** Permissions of each user. */
const USERS_FILE = join(REPOSITORY, "deploy/nats/users.conf");

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
    /** More lines for the server's configuration file. */
    extraConfig?: string | undefined;
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
    `${configText(dataDir, port, monitorPort)}${users}\n${options.extraConfig ?? ""}\n`,
  );
  const unit = new Unit({
    ...options,
    name: "nats",
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

function configText(dataDir: string, port: number, monitorPort: number): string {
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
`;
}
