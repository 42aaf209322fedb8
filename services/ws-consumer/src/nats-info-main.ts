import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import { currentCopies, streamOf } from "@parley/protocol/log";
import { readConfig } from "@parley/runtime/config";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { openDatabase } from "@parley/runtime/postgres";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import { ConsumerConfig } from "./config.ts";

/** `make nats-info`: what is in NATS, and how far each shard of the log is stored. */

const DEADLINE_MS = 5_000;

type Shard = { shard: number; cursor: number; holder: string | null; isHeld: boolean };

const print = (cells: readonly (string | number)[], widths: readonly number[]) =>
  process.stdout.write(
    `${cells
      .map((cell, i) => String(cell).padEnd(widths[i] ?? 0))
      .join(" ")
      .trimEnd()}\n`,
  );
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;

async function readStreams(jsm: JetStreamManager): Promise<Map<string, StreamInfo>> {
  const streams = new Map<string, StreamInfo>();
  for await (const info of jsm.streams.list()) streams.set(info.config.name, info);
  return streams;
}

/** Copies of a stream that are up to date, of how many: `3/3`. */
function copiesOf({ cluster, config }: StreamInfo): string {
  return `${currentCopies(cluster)}/${config.num_replicas}`;
}

function printShards(shards: readonly Shard[], streams: ReadonlyMap<string, StreamInfo>): void {
  const widths = [7, 11, 11, 11, 8, 20, 8, 9];
  print(
    ["shard", "first seq", "last seq", "cursor", "lag", "bytes", "copies", "consumers", "writer"],
    widths,
  );
  for (const { shard, cursor, holder, isHeld } of shards) {
    const info = streams.get(streamOf(shard));
    if (info === undefined) {
      print([shard, "-", "-", cursor, "-", "there is no stream yet"], widths);
      continue;
    }
    const { state, config } = info;
    const bytes = `${megabytes(state.bytes)} of ${megabytes(config.max_bytes)}`;
    const lag = Math.max(0, state.last_seq - cursor);
    const writer = isHeld ? holder : "nobody";
    print(
      [
        shard,
        state.first_seq,
        state.last_seq,
        cursor,
        lag,
        bytes,
        copiesOf(info),
        state.consumer_count,
        writer ?? "",
      ],
      widths,
    );
  }
}

const config = readConfig(ConsumerConfig, process.env);
const database = openDatabase({
  url: databaseUrl(config),
  name: "nats-info",
  connections: 1,
  deadlineMs: DEADLINE_MS,
});
const nats = await connectNats({
  ...natsOptions(config),
  name: "nats-info",
  log: createLog("nats-info", "warn"),
});
try {
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: DEADLINE_MS });
  const shards = await database.query<Shard>(
    `select shard, cursor, holder, lease_until > now() as "isHeld" from chat.shards order by shard`,
  );
  const streams = await readStreams(jsm);
  process.stdout.write(`nats-server ${nats.info?.version} at ${nats.getServer()}\n\n`);
  printShards(shards, streams);
  const logs = new Set(shards.map(({ shard }) => streamOf(shard)));
  for (const [name, info] of streams)
    if (!logs.has(name))
      print(
        [`\n${name}`, `${info.state.messages} messages`, megabytes(info.state.bytes), copiesOf(info)],
        [12],
      );
} catch (error) {
  process.stderr.write(`make nats-info: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all([database.close(), nats.close()]);
}
