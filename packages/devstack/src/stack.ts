import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { waitForDatabase } from "./database.ts";
import { keepDatabaseLogins } from "./database-logins.ts";
import { DevstackError, type Environment, ownEnvironment, type Progress } from "./environment.ts";
import { databaseLoginOf, keepLogins, natsLoginOf } from "./logins.ts";
import { migrate } from "./migrate.ts";
import { findFreePort, type NamedPort, requireFreePorts } from "./ports.ts";
import { type RunDir, takeRunDir } from "./run-dir.ts";
import { untilReady } from "./stack-ready.ts";
import {
  PORT_VARIABLES,
  type Ports,
  type PortVariable,
  planServices,
  SERVICE_NAMES,
  type ServiceName,
  type ServicePlan,
  sharedEnv,
} from "./stack-services.ts";
import {
  type NatsBackend,
  natsUnit,
  type PostgresBackend,
  postgresUnit,
  requireNats,
  serviceUnit,
} from "./stack-units.ts";
import type { Unit } from "./unit.ts";

export type StackOptions = Readonly<{
  /** Holds everything the stack keeps. A relative one is below the present folder. */
  dataDir: string;
  /** What the services inherit; default: the environment of this process. */
  env?: Environment;
  /** More variables for one service, by its name (`ws-consumer-2` inherits from `ws-consumer`). */
  serviceEnv?: Readonly<Record<string, Environment>>;
  /** Default 127.0.0.1. */
  host?: string;
  /** Ports by variable; each one left out is a free one. */
  ports?: Readonly<Partial<Record<PortVariable, number | undefined>>>;
  /** A server of one's own; none is started then. */
  natsUrl?: string | undefined;
  natsMonitorUrl?: string | undefined;
  /** A database of one's own; no Postgres is started then. */
  databaseUrl?: string | undefined;
  /** Default: all (web only if it is there). */
  services?: readonly ServiceName[];
  /** Other source files for services. */
  entries?: Readonly<Partial<Record<ServiceName, string>>>;
  /** How many ws-consumer processes; default 1. */
  consumers?: number;
  /** Whether processes that die are started again; default true. */
  supervise?: boolean;
  /** Default: `migrations/` of the repository. */
  migrationsFolder?: string;
  /** How long the services may take until they are ready, ms; default 60 s. */
  readyDeadlineMs?: number;
  /** Gives up: what was started is stopped, and startStack throws the signal's reason. */
  signal?: AbortSignal;
  onProgress?: Progress;
}>;

/** A running stack. */
export interface Stack {
  readonly dataDir: string;
  readonly ports: Ports;
  readonly natsUrl: string;
  readonly natsMonitorUrl: string | undefined;
  /** Who may do everything on the stack's own NATS; undefined for a server of one's own. */
  readonly natsLogin: Readonly<{ user: string; pass: string }> | undefined;
  /** As the owner of everything in it. */
  readonly databaseUrl: string;
  /** `http://host:port` of each service process, by name (auth, ws-producer, ws-consumer, ws-consumer-2, web). */
  readonly urls: Readonly<Record<string, string>>;
  /** One process by name, also `nats` and `postgres`. @throws {DevstackError} NO_SUCH_SERVICE. */
  service(name: string): Unit;
  /** Waits until every service (or the named one) answers that it is ready. @throws {DevstackError} NOT_READY. */
  untilReady(name?: string, deadlineMs?: number): Promise<void>;
  /** Stops everything in order; also when called twice. */
  stop(): Promise<void>;
}

/**
 * Brings up a whole stack: NATS, Postgres, migrations, services. If anything fails, what was started is stopped.
 *
 * @throws {DevstackError} ALREADY_RUNNING, PORT_TAKEN, NATS_*, POSTGRES_*, DATABASE_UNREACHABLE, MIGRATION_FAILED,
 * SERVICE_MISSING or NOT_READY (with the end of the service's log).
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  await mkdir(join(dataDir, "logs"), { recursive: true });
  const runDir = await takeRunDir(dataDir, options.onProgress);
  const units: Unit[] = [];
  const stop = once(async () => {
    await stopInOrder(units);
    runDir.release();
  });
  try {
    return await bringUp({ ...options, dataDir }, runDir, units, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  options: StackOptions,
  runDir: RunDir,
  units: Unit[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const { dataDir, host = "127.0.0.1", onProgress = () => undefined, readyDeadlineMs = 60_000 } = options;
  const ports = await choosePorts(options.ports ?? {}, host);
  const moreConsumerPorts: number[] = [];
  for (let n = 1; n < (options.consumers ?? 1); n += 1) moreConsumerPorts.push(await findFreePort(host));
  const services = options.services ?? SERVICE_NAMES;
  const plans = planServices({ services, entries: options.entries ?? {}, ports, moreConsumerPorts });
  await requireFreePorts(portsToCheck(options, ports, plans, host));
  const context = {
    dataDir,
    env: options.env ?? ownEnvironment(),
    supervise: options.supervise ?? true,
    runDir,
    onProgress,
  };
  const [nats, postgres] = await startBackends(options, ports, context, units);
  options.signal?.throwIfAborted();
  const applied = await migrate({ databaseUrl: postgres.url, folder: options.migrationsFolder, onProgress });
  options.signal?.throwIfAborted();
  onProgress(applied.length === 0 ? "migrate: nothing to do" : `migrate: applied ${applied.join(", ")}`);
  const shared = sharedEnv({
    ports,
    host,
    dataDir,
    natsUrl: nats.url,
    natsMonitorUrl: nats.monitorUrl,
  });
  if (postgres.passwords !== undefined) await keepDatabaseLogins(postgres.url, postgres.passwords);
  for (const plan of plans) {
    const logins = {
      ...natsLoginOf(plan.service, nats.passwords),
      ...databaseLoginOf(plan.service, postgres.url, postgres.passwords),
    };
    const extra = { ...options.serviceEnv?.[plan.service], ...options.serviceEnv?.[plan.name] };
    units.push(serviceUnit({ ...plan, env: { ...shared, ...logins, ...plan.env, ...extra } }, context));
  }
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const service = (name: string) => {
    const unit = byName.get(name);
    if (unit === undefined)
      throw new DevstackError("NO_SUCH_SERVICE", `no ${name} here, only ${[...byName.keys()].join(", ")}`);
    return unit;
  };
  const waitFor = (names: readonly ServicePlan[], deadlineMs: number, say: Progress) =>
    Promise.all(
      names.map((plan) =>
        untilReady({
          unit: service(plan.name),
          url: urlOf(plan, host),
          dataDir,
          deadlineMs,
          onProgress: say,
          signal: options.signal,
        }),
      ),
    );
  await Promise.all(plans.map((plan) => service(plan.name).start()));
  await waitFor(plans, readyDeadlineMs, onProgress);
  return {
    dataDir,
    ports,
    natsUrl: nats.url,
    natsMonitorUrl: nats.monitorUrl,
    natsLogin: nats.passwords === undefined ? undefined : { user: "operator", pass: nats.passwords.operator },
    databaseUrl: postgres.url,
    urls: Object.fromEntries(plans.map((plan) => [plan.name, urlOf(plan, host)])),
    service,
    untilReady: async (name, deadlineMs = 30_000) => {
      await waitFor(
        plans.filter((plan) => name === undefined || plan.name === name),
        deadlineMs,
        () => undefined,
      );
    },
    stop,
  };
}

type Context = Readonly<{
  dataDir: string;
  env: Environment;
  supervise: boolean;
  runDir: RunDir;
  onProgress: Progress;
}>;

/** Starts NATS and Postgres side by side, or checks the ones that were named. */
async function startBackends(
  options: StackOptions,
  ports: Ports,
  context: Context,
  units: Unit[],
): Promise<[NatsBackend, PostgresBackend]> {
  const logins = await keepLogins(context.dataDir);
  const startNats = async (): Promise<NatsBackend> => {
    if (options.natsUrl !== undefined) {
      await requireNats(options.natsUrl);
      return { url: options.natsUrl, monitorUrl: options.natsMonitorUrl };
    }
    const nats = natsUnit(ports, logins.nats, context);
    units.push(nats.unit);
    await nats.unit.start();
    return nats;
  };
  const startPostgres = async (): Promise<PostgresBackend> => {
    if (options.databaseUrl !== undefined) {
      await waitForDatabase(options.databaseUrl, {
        onWaiting: (reason) => context.onProgress(`postgres: waiting (${reason})`),
      });
      return { url: options.databaseUrl };
    }
    const postgres = postgresUnit(ports, context);
    units.push(postgres.unit);
    await postgres.unit.start();
    return { url: postgres.url(), passwords: logins.database };
  };
  // Both are awaited to their end, so that a failure of one never leaves the other half started.
  const [nats, postgres] = await Promise.allSettled([startNats(), startPostgres()]);
  if (nats.status === "rejected") throw nats.reason;
  if (postgres.status === "rejected") throw postgres.reason;
  return [nats.value, postgres.value];
}

async function choosePorts(
  wanted: Readonly<Partial<Record<PortVariable, number | undefined>>>,
  host: string,
): Promise<Ports> {
  const ports: Partial<Record<PortVariable, number>> = {};
  for (const name of PORT_VARIABLES) ports[name] = wanted[name] ?? (await findFreePort(host));
  return ports as Ports;
}

function portsToCheck(
  options: StackOptions,
  ports: Ports,
  plans: readonly ServicePlan[],
  host: string,
): NamedPort[] {
  const isPlanned = (name: ServiceName) => plans.some((plan) => plan.name === name);
  const variables: PortVariable[] = [
    ...(isPlanned("auth") ? (["AUTH_GRPC_PORT", "AUTH_HTTP_PORT"] as const) : []),
    ...(isPlanned("ws-producer") ? (["PRODUCER_HTTP_PORT"] as const) : []),
    ...(isPlanned("ws-consumer") ? (["CONSUMER_HTTP_PORT"] as const) : []),
    ...(isPlanned("web") ? (["WEB_PORT"] as const) : []),
  ];
  const own: PortVariable[] = [
    ...(options.natsUrl === undefined ? (["NATS_PORT", "NATS_MONITOR_PORT"] as const) : []),
    ...(options.databaseUrl === undefined ? (["POSTGRES_PORT"] as const) : []),
  ];
  return [
    ...variables.map((variable) => ({ variable, port: ports[variable], host })),
    ...own.map((variable) => ({ variable, port: ports[variable] })),
  ];
}

/** Services first, in the direction of the flow, so that what was accepted is still stored; then the servers. */
async function stopInOrder(units: readonly Unit[]): Promise<void> {
  const pick = (test: (name: string) => boolean) =>
    Promise.all(units.filter(({ name }) => test(name)).map((unit) => unit.stop()));
  await pick((name) => name === "ws-producer");
  await pick((name) => name.startsWith("ws-consumer"));
  await pick((name) => name === "auth" || name === "web");
  await pick((name) => name === "nats" || name === "postgres");
}

function urlOf(plan: ServicePlan, host: string): string {
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${address.includes(":") ? `[${address}]` : address}:${plan.httpPort}`;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
