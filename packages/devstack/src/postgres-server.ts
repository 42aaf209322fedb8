import { randomBytes } from "node:crypto";
import { chown, readFile, rm, stat, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { createDatabase, waitForDatabase } from "./database.ts";
import { DevstackError, type Progress, reasonOf } from "./environment.ts";
import { keepServer, type LocalServer } from "./local-server.ts";
import { findFreePort } from "./ports.ts";
import { makeClusterDir, type PostgresHome, preparePostgresHome } from "./postgres-home.ts";
import { stopPostgresOrphans } from "./postgres-orphans.ts";
import { runCommand } from "./run-command.ts";
import { spawnServer, tailOf } from "./server-process.ts";

const USER = "parley";
const READY_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const MB = 1_024 ** 2;
/** Postgres' own default; a few million entries write to indexes that are larger (docs/decisions/0026). */
const BUFFERS_MIN_MB = 128;
const BUFFERS_MAX_MB = 512;
/** Of the machine's memory: it is a database among other programs. */
const BUFFERS_SHARE = 1 / 16;

export type PostgresOptions = Readonly<{
  /** Holds the cluster and its password; made if it is missing. */
  dataDir: string;
  /** Default: a free one. */
  port?: number | undefined;
  /** Default: `postgres.log` in dataDir. */
  logFile?: string | undefined;
  /** More settings of postgresql.conf, by name. */
  settings?: Readonly<Record<string, string>> | undefined;
  onProgress?: Progress | undefined;
  /** Called with each new pid as soon as there is one. */
  onSpawn?: ((pid: number) => void) | undefined;
}>;

/** A real Postgres 18 on 127.0.0.1, with a database `parley` whose owner is the superuser `parley`. */
export interface PostgresServer extends LocalServer {
  readonly url: string;
  readonly port: number;
}

/**
 * Makes the cluster if there is none yet, stops what an earlier launcher left on it, starts the server and waits
 * until it takes queries.
 *
 * @throws {DevstackError} POSTGRES_* with the reason, and the end of its log if it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const home = await preparePostgresHome(options.dataDir);
  const port = options.port ?? (await findFreePort());
  const password = await ensureCluster(home, options);
  const logFile = options.logFile ?? join(options.dataDir, "postgres.log");
  const address = `postgres://${USER}:${password}@127.0.0.1:${port}`;
  const launch = async () => {
    await stopPostgresOrphans(home.clusterDir);
    const args = ["-D", home.clusterDir, ...settingArgs(port, options.settings)];
    const server = await spawnServer({
      command: join(home.binDir, "postgres"),
      args,
      cwd: "/",
      logFile,
      onSpawn: options.onSpawn,
      ...home.account,
    });
    try {
      await waitForDatabase(`${address}/postgres`, {
        deadlineMs: READY_DEADLINE_MS,
        isHopeless: () => !server.alive,
      });
      return server;
    } catch (error) {
      await server.end("SIGQUIT", 3_000);
      const text = `Postgres did not start (${reasonOf(error)}); the end of ${logFile}:\n${await tailOf(logFile)}`;
      throw new DevstackError("POSTGRES_NOT_READY", text);
    }
  };
  // A fast shutdown: open transactions are rolled back.
  const server = await keepServer(launch, "SIGINT", STOP_GRACE_MS);
  await createDatabase(`${address}/postgres`, USER);
  return Object.assign(server, { url: `${address}/${USER}`, port });
}

function buffersMb(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const share = Math.floor((memory * BUFFERS_SHARE) / MB);
  return Math.min(BUFFERS_MAX_MB, Math.max(BUFFERS_MIN_MB, share));
}

function settingArgs(port: number, more: Readonly<Record<string, string>> = {}): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    fsync: "on",
    synchronous_commit: "on",
    shared_buffers: `${buffersMb()}MB`,
    // Its default is 1 GB. The fewer checkpoints, the fewer pages go whole into the WAL (docs/decisions/0026).
    max_wal_size: "2GB",
    timezone: "UTC",
    log_timezone: "UTC",
    // Otherwise the log quotes rows that were refused, and messages with them.
    log_error_verbosity: "terse",
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Makes the cluster unless it is complete; gives the superuser's password, which is kept beside it. */
async function ensureCluster(home: PostgresHome, options: PostgresOptions): Promise<string> {
  const passwordFile = join(options.dataDir, "password");
  const isComplete = await stat(join(home.clusterDir, "parley-complete")).then(
    () => true,
    () => false,
  );
  if (isComplete) return (await readFile(passwordFile, "utf8")).trim();
  options.onProgress?.("postgres: making the database cluster");
  await rm(home.clusterDir, { recursive: true, force: true });
  const password = randomBytes(18).toString("base64url");
  await writeFile(passwordFile, password, { mode: 0o600 });
  await makeClusterDir(home);
  // initdb runs as the server's account, so it reads the password from a folder that this account can enter.
  const initPasswordFile = join(`${home.clusterDir}.pw`);
  await writeFile(initPasswordFile, password, { mode: 0o600 });
  if (home.account.uid !== undefined) await chown(initPasswordFile, home.account.uid, home.account.uid);
  try {
    const result = await runCommand(join(home.binDir, "initdb"), initArgs(home, initPasswordFile), {
      cwd: "/",
      timeoutMs: 120_000,
      ...home.account,
    });
    if (result.code !== 0)
      throw new DevstackError("POSTGRES_INIT", `initdb failed: ${result.stderr.trim().slice(-800)}`);
  } finally {
    await rm(initPasswordFile, { force: true });
  }
  await writeFile(join(home.clusterDir, "parley-complete"), "");
  return password;
}

function initArgs(home: PostgresHome, passwordFile: string): string[] {
  return [
    `--pgdata=${home.clusterDir}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--builtin-locale=C.UTF-8",
  ];
}
