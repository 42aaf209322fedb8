import { existsSync } from "node:fs";
import { chmod, mkdir, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { keepDatabaseLogins } from "./database-logins.ts";
import { DevstackError, ownEnvironment, reasonOf, SettingError, variable } from "./environment.ts";
import { keepLogins } from "./logins.ts";
import { migrate } from "./migrate.ts";
import { choosePorts, findFreePort } from "./ports.ts";
import { type RunDir, takeRunDir } from "./run-dir.ts";
import type { StackOptions } from "./stack-options.ts";
import { type Ports, planServices, SERVICE_NAMES, STOP_ORDER, urlOf } from "./stack-services.ts";
import { type Servers, serviceUnit, startServers } from "./stack-units.ts";
import type { Supervision, Unit } from "./unit.ts";

export type { StackOptions } from "./stack-options.ts";

/** A new cluster of Postgres and the first streams take half of it. */
const DISK_MIN_MB = 150;
const MB = 1_024 ** 2;
/** Errors of the system that say that a data folder cannot be written, SQLite's among them (the lock). */
const FOLDER_FAULTS = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR", "EEXIST"]);

/** A running stack. */
export interface Stack extends Servers {
  readonly dataDir: string;
  readonly ports: Ports;
  /** The operator of the stack's own NATS, who may do everything; undefined for an existing NATS. */
  readonly natsLogin: Readonly<{ user: string; pass: string }> | undefined;
  /** `http://host:port` of each service process, by name (auth, ws-producer, ws-consumer, ws-consumer-2 …). */
  readonly urls: Readonly<Record<string, string>>;
  /** One process by name, also `nats` and `postgres`. @throws {DevstackError} NO_SUCH_SERVICE. */
  service(name: string): Unit;
  /** Waits until every service (or the named one) is ready. @throws {DevstackError} NOT_READY. */
  untilReady(name?: string, deadlineMs?: number): Promise<void>;
  /** Stops everything in order; also when called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a whole stack: NATS, Postgres, migrations, services. If anything fails, what was started is stopped.
 *
 * @throws {DevstackError} ALREADY_RUNNING, PORT_TAKEN, NATS_*, POSTGRES_*, DATABASE_UNREACHABLE, MIGRATION_FAILED or
 * NOT_READY (with the end of the service's log); {SettingError} DATA_DIR if it cannot be written.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  const refuse = (error: unknown): never => {
    throw folderFault(dataDir, error) ?? error;
  };
  await makeDataDir(dataDir).catch(refuse);
  const runDir = await takeRunDir(dataDir, options.onProgress).catch(refuse);
  const units: Unit[] = [];
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    for (const names of STOP_ORDER)
      await Promise.all(units.filter(({ name }) => names.test(name)).map((unit) => unit.stop()));
    runDir.release();
  };
  const stopOnce = () => {
    stopping ??= stop();
    return stopping;
  };
  try {
    return await startAll({ ...options, dataDir }, runDir, units, stopOnce);
  } catch (error) {
    await stopOnce();
    return refuse(error);
  }
}

/** The error to be told if `error` says that the data folder cannot be written. */
function folderFault(dataDir: string, error: unknown): SettingError | undefined {
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  // mkdir(2) in /proc says ENOENT; SQLite has no code of the system's.
  if (!FOLDER_FAULTS.has(code) && syscall !== "mkdir" && code !== "ERR_SQLITE_ERROR") return undefined;
  const text = `DATA_DIR=${dataDir} cannot be written (${reasonOf(error)}); mend it or set another DATA_DIR`;
  return new SettingError("DATA_DIR", text);
}

/** A data folder is for its owner only. @throws {SettingError} DATA_DIR if its disk is all but full. */
async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Those of an earlier version may be open; a folder that is not a stack's is left as it is.
  const folders = existsSync(join(dataDir, "run")) ? [".", "logs", "run", "nats"] : [];
  for (const name of folders) await chmod(join(dataDir, name), 0o700).catch(() => undefined);
  const { bavail, bsize } = await statfs(dataDir);
  const leftMb = Math.floor((bavail * bsize) / MB);
  if (leftMb >= DISK_MIN_MB) return;
  const text = `DATA_DIR=${dataDir} has ${leftMb} MB left on its disk, a start needs ${DISK_MIN_MB}; free some or set another DATA_DIR`;
  throw new SettingError("DATA_DIR", text);
}

async function startAll(
  options: StackOptions,
  runDir: RunDir,
  units: Unit[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const { host = "127.0.0.1", onProgress, signal } = options;
  const wanted = options.services ?? SERVICE_NAMES.filter((name) => name !== "web");
  const owners = new Set<string>(wanted);
  if (options.natsUrl === undefined) owners.add("nats");
  if (options.databaseUrl === undefined) owners.add("postgres");
  const ports = await choosePorts(options.ports ?? {}, owners, host);
  const metricsHost = variable(options.env ?? ownEnvironment(), "METRICS_HOST");
  runDir.recordPorts({ ...ports, HOST: host, METRICS_HOST: metricsHost });
  const morePorts = async (count = 1) => {
    const more: [http: number, metrics: number][] = [];
    for (let n = 1; n < count; n += 1) more.push([await findFreePort(host), await findFreePort(host)]);
    return more;
  };
  const plans = planServices(wanted, ports, {
    "ws-producer": await morePorts(options.producers),
    "ws-consumer": await morePorts(options.consumers),
  });
  const supervision = (name: string): Supervision => ({
    supervise: true,
    onProgress,
    onPid: (pid) => runDir.record(name, pid),
  });
  const logins = await keepLogins(options.dataDir);
  const context = { options, ports, host, logins, supervision };
  const servers = await startServers(context, units);
  const { databaseUrl } = servers;
  signal?.throwIfAborted();
  await migrate({ databaseUrl, folder: options.migrationsFolder, onProgress });
  signal?.throwIfAborted();
  if (options.databaseUrl === undefined) await keepDatabaseLogins(databaseUrl, logins.database);
  const urls = Object.fromEntries(plans.map(({ name, httpPort }) => [name, urlOf(httpPort, host)]));
  const services = plans.map((plan) => serviceUnit(plan, urls[plan.name] ?? "", servers, context));
  units.push(...services);
  await Promise.all(services.map((unit) => unit.start()));
  await Promise.all(services.map((unit) => unit.untilReady(undefined, signal)));
  const service = (name: string) => {
    const unit = units.find((one) => one.name === name);
    if (unit !== undefined) return unit;
    const known = units.map((one) => one.name).join(", ");
    throw new DevstackError("NO_SUCH_SERVICE", `no ${name} here, only ${known}`);
  };
  return {
    ...servers,
    dataDir: options.dataDir,
    ports,
    natsLogin: options.natsUrl === undefined ? { user: "operator", pass: logins.nats.operator } : undefined,
    urls,
    service,
    untilReady: async (name, deadlineMs = 30_000) => {
      const waited = name === undefined ? services : [service(name)];
      await Promise.all(waited.map((unit) => unit.untilReady(deadlineMs)));
    },
    stop,
  };
}
