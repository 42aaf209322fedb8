import { jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import { currentCopies, streamOf } from "@parley/protocol/log";
import { readConfig } from "@parley/runtime/config";
import type { Static } from "typebox";
import { ConsumerConfig } from "./config.ts";
import { ANSWER_MS, connectTool, openToolDatabase, print, runTool } from "./operator-tool.ts";

/** `make nats-info`: what is in NATS, and how far each shard of the log is stored; the half of it that can be had. */

const NAME = "make nats-info";
const STREAM = /^CHAT_(\d+)$/;

type Shard = { shard: number; cursor?: number; holder?: string | null; isHeld?: boolean };
type Streams = ReadonlyMap<string, StreamInfo>;

type Config = Static<typeof ConsumerConfig>;

const row = (cells: readonly (string | number)[], widths: readonly number[]) =>
  print(
    cells
      .map((cell, i) => String(cell).padEnd(widths[i] ?? 0))
      .join(" ")
      .trimEnd(),
  );
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;

/** Prints the server, and reads its streams. */
async function readStreams(config: Config): Promise<Streams> {
  const nats = await connectTool(config, NAME);
  try {
    const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: ANSWER_MS });
    const streams = new Map<string, StreamInfo>();
    for await (const info of jsm.streams.list()) streams.set(info.config.name, info);
    print(`nats-server ${nats.info?.version} at ${nats.getServer()}\n`);
    return streams;
  } finally {
    await nats.close();
  }
}

async function readShards(config: Config): Promise<Shard[]> {
  const database = openToolDatabase(config, NAME);
  try {
    return await database.query<Shard & { cursor: number }>(
      `select shard, cursor, holder, lease_until > now() as "isHeld" from chat.shards order by shard`,
    );
  } finally {
    await database.close();
  }
}

/** The shards as the streams are named, for when Postgres cannot be asked. */
function shardsOf(streams: Streams): Shard[] {
  const numbers = [...streams.keys()].flatMap((name) => STREAM.exec(name)?.[1] ?? []);
  return numbers.map((shard) => ({ shard: Number(shard) })).sort((a, b) => a.shard - b.shard);
}

/** Copies of a stream that are up to date, of how many: `3/3`. */
function copiesOf({ cluster, config }: StreamInfo): string {
  return `${currentCopies(cluster)}/${config.num_replicas}`;
}

/** @param streams undefined if NATS cannot be asked */
function printShards(shards: readonly Shard[], streams: Streams | undefined): void {
  const widths = [7, 11, 11, 11, 8, 20, 8, 9];
  row(["shard", "first seq", "last seq", "cursor", "lag", "bytes", "copies", "consumers", "writer"], widths);
  for (const { shard, cursor = "-", holder, isHeld } of shards) {
    const info = streams?.get(streamOf(shard));
    const writer = (isHeld === false ? "nobody" : holder) ?? "";
    if (info === undefined) {
      const bytes = streams === undefined ? "-" : "there is no stream yet";
      row([shard, "-", "-", cursor, "-", bytes, "-", "-", writer], widths);
      continue;
    }
    const { state, config } = info;
    const bytes = `${megabytes(state.bytes)} of ${megabytes(config.max_bytes)}`;
    const lag = cursor === "-" ? cursor : Math.max(0, state.last_seq - cursor);
    const { first_seq, last_seq, consumer_count } = state;
    row([shard, first_seq, last_seq, cursor, lag, bytes, copiesOf(info), consumer_count, writer], widths);
  }
}

await runTool(NAME, async () => {
  const config = readConfig(ConsumerConfig, process.env);
  const [ofNats, ofPostgres] = await Promise.allSettled([readStreams(config), readShards(config)]);
  const streams = ofNats.status === "fulfilled" ? ofNats.value : undefined;
  const shards = ofPostgres.status === "fulfilled" ? ofPostgres.value : shardsOf(streams ?? new Map());
  if (shards.length > 0) printShards(shards, streams);
  const logs = new Set(shards.map(({ shard }) => streamOf(shard)));
  for (const [name, info] of streams ?? [])
    if (!logs.has(name))
      row(
        [`\n${name}`, `${info.state.messages} messages`, megabytes(info.state.bytes), copiesOf(info)],
        [12],
      );
  const missing: string[] = [];
  if (ofNats.status === "rejected") missing.push(ofNats.reason.message);
  if (ofPostgres.status === "rejected")
    missing.push(`cursors and writers cannot be read (${ofPostgres.reason.message})`);
  if (missing.length > 0) throw new Error(missing.join("; "));
});
