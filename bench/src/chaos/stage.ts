import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, ownEnvironment } from "@parley/devstack/environment";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { findFreePort } from "@parley/devstack/ports";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { type Stack, type StackOptions, startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import type { Unit } from "@parley/devstack/unit";
import { LINKS, type LinkName } from "./faults.ts";
import { NatsCluster, NODES } from "./nats-cluster.ts";
import { joinHosts, PostgresPair, type Replication } from "./postgres-pair.ts";
import type { SourceTree } from "./source-tree.ts";
import { TcpProxy } from "./tcp-proxy.ts";

export const PRODUCERS = ["ws-producer", "ws-producer-2"];
export const CONSUMERS = ["ws-consumer", "ws-consumer-2"] as const;

export type StageOptions = Readonly<{
  /** Other sources than the working tree's: a mutant. */
  tree?: SourceTree | undefined;
  /** Three nats-servers and two ws-producers; default: one of each. */
  isCluster?: boolean | undefined;
  /** A Postgres with a standby; default: one alone. */
  replication?: Replication | undefined;
  /** Folder that the logs are copied to in the end; default: they are removed. */
  keptLogs?: string | undefined;
}>;

/** A whole Parley with a fault proxy between every pair of connected processes. */
export type Stage = Readonly<{
  stack: Stack;
  /** Addresses that clients use; each passes through a proxy. The second consumer comes last. */
  producerSockets: readonly string[];
  consumerSockets: readonly string[];
  consumerUrls: readonly string[];
  natsUrl: string;
  cluster: NatsCluster | undefined;
  pair: PostgresPair | undefined;
  databaseUrl: string;
  links: Readonly<Record<LinkName, readonly TcpProxy[]>>;
  unit: (name: string) => Unit;
  logsDir: string;
}>;

/** Starts everything in a temporary folder; `closers` get what stops it. */
export async function startStage(
  { tree, keptLogs, isCluster = false, replication }: StageOptions,
  closers: AsyncDisposableStack,
): Promise<Stage> {
  const dataDir = await makeTempDir("chaos");
  const logsDir = join(dataDir, "logs");
  await mkdir(logsDir, { recursive: true });
  closers.defer(() => removeDataDir(dataDir));
  if (keptLogs !== undefined) closers.defer(() => cp(logsDir, keptLogs, { recursive: true }));
  const backend = (name: string) => ({
    dataDir: join(dataDir, name),
    logFile: join(logsDir, `${name}.log`),
    supervise: true,
  });
  const cluster = isCluster ? await NatsCluster.start(join(dataDir, "nats"), logsDir, closers) : undefined;
  const nats = cluster?.nodes ?? [await startNats(backend("nats"))];
  for (const node of nats) closers.defer(() => node.stop());
  const pair = replication && (await PostgresPair.start(dataDir, logsDir, replication, closers));
  const postgres = pair ? [pair.primary, pair.standby] : [await startPostgres(backend("postgres"))];
  for (const server of postgres) closers.defer(() => server.stop());
  const { links, stack } = await startBehindProxies({ nats, postgres }, { ...tree, dataDir }, closers);
  const units: readonly Unit[] = [...nats, ...postgres];
  const socketsOf = (link: LinkName) => links[link].map(({ port }) => `ws://127.0.0.1:${port}/ws`);
  return {
    stack,
    producerSockets: socketsOf("client-producer"),
    consumerSockets: socketsOf("client-consumer"),
    consumerUrls: CONSUMERS.map((name) => stack.urls[name] as string),
    natsUrl: nats.map(({ url }) => url).join(),
    cluster,
    pair,
    databaseUrl: joinHosts(postgres.map(({ url }) => url)),
    links,
    unit: (name) => units.find((unit) => unit.name === name) ?? stack.service(name),
    logsDir,
  };
}

async function startBehindProxies(
  { nats, postgres }: Readonly<{ nats: readonly NatsServer[]; postgres: readonly PostgresServer[] }>,
  options: Pick<StackOptions, "dataDir" | "entries" | "migrationsFolder">,
  closers: AsyncDisposableStack,
) {
  const isCluster = nats.length === NODES;
  const producers = isCluster ? PRODUCERS : PRODUCERS.slice(0, 1);
  const env = isCluster ? { LOG_REPLICAS: String(NODES) } : {};
  const ports = {
    AUTH_GRPC_PORT: await findFreePort(),
    PRODUCER_HTTP_PORT: await findFreePort(),
    CONSUMER_HTTP_PORT: await findFreePort(),
  };
  const links = Object.fromEntries(LINKS.map((link) => [link, [] as TcpProxy[]])) as Record<
    LinkName,
    TcpProxy[]
  >;
  /** Starts one more proxy of a link; gives its port. */
  const through = async (link: LinkName, upstreamPort: number) => {
    const proxy = await TcpProxy.start(await findFreePort(), upstreamPort);
    closers.defer(() => proxy.close());
    links[link].push(proxy);
    return proxy.port;
  };
  const at = (url: string, port: number) => {
    const address = new URL(url);
    address.port = String(port);
    return address.href.replace(/\/$/, "");
  };
  const natsThrough = async (link: LinkName) => {
    const urls: string[] = [];
    for (const { url, port } of nats) urls.push(at(url, await through(link, port)));
    return urls.join();
  };
  const postgresThrough = async (link: LinkName) => {
    const urls: string[] = [];
    for (const { url, port } of postgres) urls.push(at(url, await through(link, port)));
    return joinHosts(urls);
  };
  const consumerEnv = async (): Promise<Environment> => ({
    NATS_URL: await natsThrough("consumer-nats"),
    DATABASE_URL: await postgresThrough("consumer-postgres"),
    AUTH_GRPC_URL: `localhost:${await through("consumer-auth", ports.AUTH_GRPC_PORT)}`,
  });
  const stack = await startStack({
    ...options,
    env: { ...ownEnvironment(), NODE_ENV: "test", RATE_LIMITS: "off", LOG_LEVEL: "info", ...env },
    producers: producers.length,
    consumers: CONSUMERS.length,
    ports,
    natsUrl: nats.map(({ url }) => url).join(),
    natsMonitorUrl: nats.map(({ monitorUrl }) => monitorUrl).join(),
    databaseUrl: joinHosts(postgres.map(({ url }) => url)),
    serviceEnv: {
      auth: { DATABASE_URL: await postgresThrough("auth-postgres") },
      "ws-producer": {
        NATS_URL: await natsThrough("producer-nats"),
        AUTH_GRPC_URL: `localhost:${await through("producer-auth", ports.AUTH_GRPC_PORT)}`,
      },
      "ws-consumer": await consumerEnv(),
      "ws-consumer-2": await consumerEnv(),
    },
  });
  closers.defer(() => stack.stop());
  const portOf = (name: string) => Number(new URL(stack.urls[name] as string).port);
  for (const name of producers) await through("client-producer", portOf(name));
  for (const name of CONSUMERS) await through("client-consumer", portOf(name));
  return { stack, links };
}
