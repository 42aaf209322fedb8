import { cp } from "node:fs/promises";
import { join } from "node:path";
import { ownEnvironment, REPOSITORY } from "@parley/devstack/environment";
import { type NatsServer, startNats, startNatsCluster } from "@parley/devstack/nats-server";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { type Stack, startStack } from "@parley/devstack/stack";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { untilInterrupted } from "@parley/devstack/terminal";
import { sleep } from "@parley/runtime/deadline";
import { check, type Verdict } from "../checker.ts";
import { Clients } from "../clients.ts";
import { drain, gather } from "../drain.ts";
import { openLedger } from "../ledger.ts";
import { signalAll, withChildren } from "../process-tree.ts";
import { type Disk, makeDisk } from "./disk.ts";

const SENDERS = 8;
const ROOMS = ["cut-a", "cut-b", "cut-c", "cut-d"];
const SENDS_PER_SECOND = 400;
/** Load before a cut, and how long the writer is stopped right before it, ms. */
const LOAD_MS = 2_000;
const LOG_ONLY_MS = 1_000;
/** Longest wait for an acknowledgement after a cut, ms. */
const AGAIN_DEADLINE_MS = 20_000;

type CutsOptions = Readonly<{
  cuts: number;
  /** `default` is the control, of which each cut must lose something: NATS by default syncs every two minutes. */
  sync: "always" | "default";
  /** nats-servers, all on the disk whose power is cut; with several each shard is on each of them. */
  nodes: number;
  say: (line: string) => void;
}>;

type CutsOutcome = Readonly<{ verdict: Verdict; sends: number; cuts: number; sync: string; nodes: number }>;

/** Cuts the power under NATS and Postgres repeatedly while messages are sent, and checks what is left. */
export async function runCuts(options: CutsOptions): Promise<CutsOutcome> {
  await using closers = new AsyncDisposableStack();
  const disk = await makeDisk();
  closers.defer(() => disk.remove());
  const nats = await startNodes(options, join(disk.path, "nats"));
  for (const node of nats) closers.defer(() => node.stop());
  const natsUrl = nats.map(({ url }) => url).join();
  const postgres = await startPostgres({ dataDir: join(disk.path, "postgres") });
  closers.defer(() => postgres.stop());
  const dataDir = await makeTempDir("power-stack");
  closers.defer(() => removeDataDir(dataDir));
  const keptLogs = join(REPOSITORY, "bench/results", `chaos-power-${options.sync}-logs`);
  closers.defer(() => cp(join(dataDir, "logs"), keptLogs, { recursive: true }));
  const stack = await startStack({
    dataDir,
    env: { ...ownEnvironment(), NODE_ENV: "test", RATE_LIMITS: "off", LOG_REPLICAS: String(nats.length) },
    natsUrl,
    // Without the address the producer cannot see that NATS does not sync, and takes messages nevertheless.
    natsMonitorUrl: options.sync === "always" ? nats.map((node) => node.monitorUrl).join() : undefined,
    databaseUrl: postgres.url,
  });
  closers.defer(() => stack.stop());
  await disk.sync();
  return await untilInterrupted(cutAndCheck(options, { disk, nats, postgres, stack }, closers));
}

type Servers = Readonly<{ disk: Disk; nats: readonly NatsServer[]; postgres: PostgresServer; stack: Stack }>;

async function cutAndCheck(
  { cuts, sync, nodes, say }: CutsOptions,
  servers: Servers,
  closers: AsyncDisposableStack,
): Promise<CutsOutcome> {
  const { stack, nats, postgres } = servers;
  const ledger = await openLedger(nats.map(({ url }) => url).join(), postgres.url);
  closers.defer(() => ledger.close());
  const urlOf = (name: string) => stack.urls[name] as string;
  const clients = await Clients.open({
    seed: cuts,
    authUrl: urlOf("auth"),
    senders: SENDERS,
    rooms: ROOMS,
    producerSockets: [`${urlOf("ws-producer").replace("http", "ws")}/ws`],
    consumerSockets: [],
    sendsPerSecond: SENDS_PER_SECOND,
  });
  closers.defer(() => clients.close());
  clients.startSending();
  for (let cut = 1; cut <= cuts; cut += 1) {
    await sleep(LOAD_MS);
    await cutOnce(cut, sync, servers);
    const ms = await untilAcknowledged(clients);
    say(`cut ${cut}: ${ms === undefined ? "sends are not" : `after ${ms} ms sends are`} acknowledged again`);
  }
  clients.stopSending();
  const scene = { ledger, clients, rooms: ROOMS };
  await drain(scene, say);
  const evidence = await gather(scene, urlOf("ws-consumer"));
  return { verdict: check(evidence), sends: evidence.sent.length, cuts, sync, nodes };
}

/** Every second time the writer is stopped before the cut, so that acknowledged messages are in the log alone. */
async function cutOnce(
  cut: number,
  sync: CutsOptions["sync"],
  { disk, nats, postgres, stack }: Servers,
): Promise<void> {
  const consumer = stack.service("ws-consumer");
  const isLogOnly = sync === "default" || cut % 2 === 0;
  if (isLogOnly) {
    await consumer.kill("SIGSTOP");
    await sleep(LOG_ONLY_MS);
  }
  const servers = [...nats, postgres];
  const pids = servers.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  await endWith(pids, () => disk.cutPower());
  await Promise.all(servers.map((server) => server.stop()));
  await disk.powerOn();
  await Promise.all(servers.map((server) => server.restart()));
  if (isLogOnly) await consumer.kill("SIGCONT");
  // The producer refuses a log that ends before what it acknowledged; a new producer does not.
  if (sync === "default") await stack.service("ws-producer").kill();
}

/** Stops all processes during the cut and kills them afterwards. */
async function endWith(parents: readonly number[], cutPower: () => Promise<void>): Promise<void> {
  signalAll(parents, "SIGSTOP");
  const all = withChildren(parents);
  signalAll(all, "SIGSTOP");
  try {
    await cutPower();
  } finally {
    signalAll(all, "SIGKILL");
  }
}

/** Time until a sender is acknowledged again, ms; undefined if that takes too long. */
async function untilAcknowledged(clients: Clients): Promise<number | undefined> {
  const since = performance.now();
  while (performance.now() - since < AGAIN_DEADLINE_MS) {
    for (const { sent } of clients.senders)
      if (sent.slice(-100).some(({ acks }) => (acks.at(-1)?.at ?? 0) > since))
        return Math.round(performance.now() - since);
    await sleep(20);
  }
  return undefined;
}

async function startNodes({ sync, nodes }: CutsOptions, dataDir: string): Promise<readonly NatsServer[]> {
  if (nodes > 1) return startNatsCluster({ dataDir, nodes, syncInterval: sync === "always" ? sync : "2m" });
  return [await startNats({ dataDir, syncInterval: sync === "always" ? sync : "2m" })];
}
