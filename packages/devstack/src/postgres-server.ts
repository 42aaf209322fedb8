import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { createDatabase, failureOf, TAKES_NO_WRITES } from "./database.ts";
import { DevstackError } from "./environment.ts";
import { findFreePort } from "./ports.ts";
import { findPostgres, type PostgresHome } from "./postgres-home.ts";
import { endLeftPostgres } from "./postgres-left.ts";
import { runCommand } from "./run-command.ts";
import { type Supervision, Unit } from "./unit.ts";

const USER = "parley";
const MB = 1_024 ** 2;
/** Postgres' own default; a few million entries write to indexes that are larger (docs/decisions/0004). */
const BUFFERS_MIN_MB = 128;
const BUFFERS_MAX_MB = 512;
/** Share of the machine's memory: other programs run beside it. */
const BUFFERS_SHARE = 1 / 16;

type PostgresOptions = Supervision &
  Readonly<{
    /** Holds the cluster and its password; made if it is missing. */
    dataDir: string;
    /** Folder of the programs. Default: that of the npm package. */
    binDir?: string | undefined;
    /** Default: a free one. */
    port?: number | undefined;
    /** Default: `postgres.log` in dataDir. */
    logFile?: string | undefined;
    /** Whether its data are those of a standby, which takes no writes. */
    isStandby?: boolean | undefined;
    /** More settings of postgresql.conf, by name. */
    settings?: Readonly<Record<string, string>> | undefined;
  }>;

/** A real Postgres 18 on 127.0.0.1, with a database `parley` whose owner is the superuser `parley`. */
export type PostgresServer = Unit & Readonly<{ url: string; port: number }>;

/**
 * Makes the cluster if there is none yet, ends what is left of an earlier server on it, starts the server and waits
 * until it is ready.
 *
 * @throws {DevstackError} POSTGRES_* with the reason, NOT_READY with the end of its log.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dataDir } = options;
  // Root's Postgres runs as another user, who has to pass this folder; the cluster itself is closed.
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const clusterDir = join(dataDir, "cluster");
  const logFile = options.logFile ?? join(dataDir, "postgres.log");
  const home = await findPostgres(dataDir, options.binDir);
  const port = options.port ?? (await findFreePort());
  const password = await ensureCluster(home, clusterDir, options);
  const address = `postgres://${USER}:${password}@127.0.0.1:${port}`;
  const server = [join(home.binDir, "postgres"), "-D", clusterDir, ...settingArgs(port, options.settings)];
  const [command = "", ...args] = [...home.prefix, ...server];
  const unit = new Unit({
    ...options,
    name: "postgres",
    logFile,
    command: async () => {
      await endLeftPostgres(clusterDir);
      // SIGINT is a fast shutdown: open transactions are rolled back.
      return { command, args, cwd: "/", logFile, stopSignal: "SIGINT", ...home.account };
    },
    missing: async () => {
      const failure = await failureOf(`${address}/postgres`);
      return options.isStandby && failure?.code === TAKES_NO_WRITES ? undefined : failure?.reason;
    },
  });
  await unit.startReady();
  if (!options.isStandby) await createDatabase(`${address}/postgres`, USER);
  return Object.assign(unit, { url: `${address}/${USER}`, port });
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
    // Its default is 1 GB. The fewer checkpoints, the fewer pages go whole into the WAL (docs/decisions/0004).
    max_wal_size: "2GB",
    timezone: "UTC",
    log_timezone: "UTC",
    // Otherwise the log quotes rows that were refused, and messages with them.
    log_error_verbosity: "terse",
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Makes the cluster unless it is complete. Returns the superuser's password, which is kept beside it. */
async function ensureCluster(
  home: PostgresHome,
  clusterDir: string,
  { dataDir, onProgress }: PostgresOptions,
): Promise<string> {
  const passwordFile = join(dataDir, "password");
  const completeFile = join(clusterDir, "parley-complete");
  if ((await stat(completeFile).catch(() => undefined)) !== undefined)
    return (await readFile(passwordFile, "utf8")).trim();
  onProgress?.("postgres: making the database cluster");
  await rm(clusterDir, { recursive: true, force: true });
  await mkdir(clusterDir, { mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  // initdb runs as the server's account, and reads a copy of its own.
  const initPasswordFile = `${clusterDir}.pw`;
  for (const file of [passwordFile, initPasswordFile]) await writeFile(file, password, { mode: 0o600 });
  if (home.uid !== undefined)
    for (const path of [clusterDir, initPasswordFile]) await chown(path, home.uid, home.uid);
  const [command = "", ...args] = [
    ...home.prefix,
    join(home.binDir, "initdb"),
    `--pgdata=${clusterDir}`,
    `--pwfile=${initPasswordFile}`,
    `--username=${USER}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--builtin-locale=C.UTF-8",
  ];
  const result = await runCommand(command, args, { cwd: "/", timeoutMs: 120_000, ...home.account });
  await rm(initPasswordFile, { force: true });
  if (result.code !== 0)
    throw new DevstackError("POSTGRES_INIT", `initdb failed: ${result.stderr.trim().slice(-800)}`);
  await writeFile(completeFile, "");
  return password;
}
