/**
 * Group commit against the library's own publish, on one nats-server that syncs each write to the disk:
 * `npm run bench:publish -w @parley/bench [seconds] [in flight]`.
 */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { streamConfig, streamOf, subjectOf } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import { build } from "hdr-histogram-js";
import { createLogPublisher } from "../../services/ws-producer/src/adapters/log/log-publisher.ts";
import { cpuUsOf } from "./measure/proc.ts";

const SHARDS = 4;
const ROOMS = Array.from({ length: 64 }, (_, i) => `room-${i}`);
const AT = "2026-11-29T12:00:00.000Z";
const PAYLOAD = "x".repeat(300);
const STREAM_BYTES_MAX = 4 * 1024 ** 3;
const WARM_UP_MS = 1_500;
const SECONDS = Number(process.argv[2] ?? 8);
const IN_FLIGHT = Number(process.argv[3] ?? 512);

type Publish = (room: string, key: string) => Promise<unknown>;

/** Keeps so many publishes in flight and returns what was acknowledged, with CPU time and latency. */
async function measure(name: string, pid: number, publish: Publish) {
  const latency = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  let acknowledged = 0;
  let sent = 0;
  const run = async (ms: number) => {
    const end = performance.now() + ms;
    const send = async () => {
      while (performance.now() < end) {
        sent += 1;
        const started = performance.now();
        await publish(ROOMS[sent % ROOMS.length] as string, `${name}-${sent}`);
        acknowledged += 1;
        latency.recordValue(Math.round((performance.now() - started) * 1_000));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, send));
  };
  await run(WARM_UP_MS);
  acknowledged = 0;
  latency.reset();
  const cpu = process.cpuUsage();
  const serverCpu = await cpuUsOf(pid);
  const started = performance.now();
  await run(SECONDS * 1_000);
  const seconds = (performance.now() - started) / 1_000;
  const used = process.cpuUsage(cpu);
  const perMessage = (us: number) => Number((us / acknowledged).toFixed(1));
  return {
    "acknowledged/s": Math.round(acknowledged / seconds),
    "p50 ms": latency.getValueAtPercentile(50) / 1_000,
    "p99 ms": latency.getValueAtPercentile(99) / 1_000,
    "producer CPU us/message": perMessage(used.user + used.system),
    "nats CPU us/message": perMessage((await cpuUsOf(pid)) - serverCpu),
  };
}

/** The streams' messages, to hold against what was acknowledged. */
async function stored(nats: NatsConnection): Promise<number> {
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const infos = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => jsm.streams.info(streamOf(shard))),
  );
  return infos.reduce((sum, { state }) => sum + state.messages, 0);
}

const dataDir = await makeTempDir("bench-publish");
const server = await startNats({ dataDir });
const nats = await connect({ servers: server.url, noAsyncTraces: true });
try {
  const jsm = await jetstreamManager(nats);
  for (let shard = 0; shard < SHARDS; shard += 1)
    await jsm.streams.add(streamConfig(shard, SHARDS, 1, STREAM_BYTES_MAX));
  const faults: unknown[] = [];
  const log = { info: () => undefined, error: (...fault: unknown[]) => void faults.push(fault) };
  const publisher = createLogPublisher(nats, {
    shards: SHARDS,
    monitorUrl: server.monitorUrl,
    closeDeadlineMs: 3_000,
    log,
  });
  const group = await measure("group", server.pid ?? 0, (room, key) =>
    publisher.publish({ room, key, payload: PAYLOAD, at: AT }),
  );
  const { published, packs, packed, retries } = publisher.counters;
  const inLog = await stored(nats);
  await publisher.close();
  const js = jetstream(nats);
  const library = await measure("library", server.pid ?? 0, (room, key) => {
    const head = headers();
    head.set("Nats-Msg-Id", key);
    return js.publish(subjectOf(shardOf(room, SHARDS), room), PAYLOAD, { headers: head, timeout: 20_000 });
  });
  const ratio = (group["acknowledged/s"] / library["acknowledged/s"]).toFixed(1);
  process.stdout.write(
    `${IN_FLIGHT} in flight, ${SHARDS} shards, ${PAYLOAD.length} bytes, ${SECONDS} s, each write synced\n`,
  );
  process.stdout.write(`group commit   ${JSON.stringify(group)}\n`);
  process.stdout.write(`library singly ${JSON.stringify(library)}\n`);
  process.stdout.write(
    `ratio ${ratio}; ${packs} packs of ${(packed / (packs || 1)).toFixed(0)} on average; `,
  );
  process.stdout.write(`acknowledged ${published}, in the log ${inLog}, published again ${retries}\n`);
  if (faults.length > 0 || inLog !== published) process.exitCode = 1;
} finally {
  await nats.close();
  await server.stop();
  await removeDataDir(dataDir);
}
