import type { JetStreamManager, MsgRequest, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { JetStreamApiError } from "@nats-io/jetstream";
import { streamConfig, streamFaults, streamOf } from "@parley/protocol/log";
import { sleep } from "@parley/runtime/deadline";
import type { ShardPosition, StreamFacts } from "../shard-log.ts";

const STREAM_NOT_FOUND = 10_059;
/** How long a replicated stream may end before the cursor until that is believed, and the interval of looks, ms. */
const BEHIND_MAX_MS = 10_000;
const LOOK_EVERY_MS = 250;

export type StreamSettings = Readonly<{ shards: number; replicas: number; maxBytes: number }>;

/**
 * Creates the shard's stream if it is missing, repairs its settings, and returns its state.
 *
 * @throws {Error} if a setting breaks a promise and cannot be repaired
 */
export async function prepareStream(
  jsm: JetStreamManager,
  settings: StreamSettings,
  { shard, cursor }: ShardPosition,
): Promise<StreamFacts> {
  const wanted = streamConfig(shard, settings.shards, settings.replicas, settings.maxBytes);
  let info = await findStream(jsm, wanted.name);
  info ??= await jsm.streams.add({ ...wanted, first_seq: cursor + 1 });
  if (!holds(wanted, info.config)) info = await repair(jsm, wanted, info, settings.shards);
  const faults = streamFaults(info.config, settings.shards);
  if (faults.length > 0) throw new Error(faults.join("; "));
  if (info.config.num_replicas > 1) info = await untilLevel(jsm, info, cursor);
  const { first_seq, last_seq } = info.state;
  const cursorTime =
    cursor >= first_seq && cursor <= last_seq ? await timeOf(jsm, wanted.name, cursor) : null;
  return { created: String(info.created), firstSeq: first_seq, lastSeq: last_seq, cursorTime };
}

/**
 * Waits until a replicated stream has a leader that knows all up to the cursor: a new leader may be behind for a moment, and
 * would be taken for one that has lost messages.
 *
 * @throws {Error} if it has no leader by then: what a replica says is believed only of what it has
 */
async function untilLevel(jsm: JetStreamManager, first: StreamInfo, cursor: number): Promise<StreamInfo> {
  const deadline = performance.now() + BEHIND_MAX_MS;
  let info = first;
  while (info.cluster?.leader === undefined || info.state.last_seq < cursor) {
    if (performance.now() > deadline) {
      if (info.cluster?.leader === undefined) throw new Error(`${info.config.name} has no leader`);
      break;
    }
    await sleep(LOOK_EVERY_MS);
    info = await jsm.streams.info(info.config.name);
  }
  return info;
}

/** Returns the creation time of a shard's stream; undefined if there is none. */
export async function streamCreated(jsm: JetStreamManager, shard: number): Promise<string | undefined> {
  const info = await findStream(jsm, streamOf(shard));
  return info && String(info.created);
}

/** Ages of stored messages, ms: from `keepMs` on they are deleted, from `leastMs` on if the stream is crowded. */
export type TrimAges = Readonly<{ keepMs: number; leastMs: number }>;

/** Share of a stream's limit from which it is crowded: so the other half is there for what Postgres does not have yet. */
const CROWDED_SHARE = 0.5;
/** Part of the stored messages that one trimming of a crowded stream deletes. */
const CROWDED_PART = 0.25;

/**
 * Deletes old messages before the cursor. The message at the cursor stays: its time shows whether the stream is still
 * the same one.
 *
 * @returns whether some were deleted that are younger than `keepMs`, because the stream is crowded
 */
export async function trimStream(
  jsm: JetStreamManager,
  { shard, cursor, streamCreated: created }: ShardPosition,
  { keepMs, leastMs }: TrimAges,
): Promise<boolean> {
  const name = streamOf(shard);
  const info = await findStream(jsm, name);
  if (!info || String(info.created) !== created || info.state.last_seq < cursor) return false;
  const { first_seq, bytes } = info.state;
  const firstOf = async (ageMs: number) =>
    Math.min((await firstSince(jsm, name, new Date(Date.now() - ageMs))) ?? cursor, cursor);
  const kept = await firstOf(keepMs);
  const isCrowded = bytes > info.config.max_bytes * CROWDED_SHARE;
  const part = first_seq + Math.ceil((cursor - first_seq) * CROWDED_PART);
  const seq = isCrowded ? Math.max(kept, Math.min(part, await firstOf(leastMs))) : kept;
  if (seq > first_seq) await jsm.streams.purge(name, { seq });
  return seq > Math.max(kept, first_seq);
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Repairs settings, except the number of shards: a stream made for another number holds other rooms. */
async function repair(
  jsm: JetStreamManager,
  wanted: Partial<StreamConfig>,
  info: StreamInfo,
  shards: number,
) {
  const { storage, retention, metadata, ...rest } = wanted;
  const settings = { ...rest, max_age: 0, no_ack: false };
  const faults = streamFaults({ ...info.config, ...settings }, shards);
  if (faults.length > 0) throw new Error(faults.join("; "));
  return jsm.streams.update(info.config.name, settings);
}

function holds(wanted: Partial<StreamConfig>, config: StreamConfig): boolean {
  if ((config.max_age ?? 0) !== 0 || config.no_ack === true) return false;
  return Object.entries(wanted).every(([name, value]) => {
    const present = config[name as keyof StreamConfig];
    if (name === "metadata")
      return includes(present as Record<string, string>, value as Record<string, string>);
    return JSON.stringify(present) === JSON.stringify(value);
  });
}

/** Ignores other keys: the server adds metadata of its own. */
function includes(present: Record<string, string> | undefined, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => present?.[name] === value);
}

/** Returns when the log took a message, ns since 1970 as in a delivery's reply subject; null if it is not there. */
async function timeOf(jsm: JetStreamManager, name: string, seq: number): Promise<string | null> {
  const message = await jsm.streams.getMessage(name, { seq });
  return message ? nanosOf(message.timestamp) : null;
}

/** Returns the sequence of the first message taken at `time` or later; undefined if there is none. */
async function firstSince(jsm: JetStreamManager, name: string, time: Date): Promise<number | undefined> {
  // The server accepts a start time (ADR-31); the library's types have it for direct reads only. Those may be answered by
  // a replica that lags behind, so that young messages would count as old.
  const query = { start_time: time.toISOString() } as unknown as MsgRequest;
  return (await jsm.streams.getMessage(name, query))?.seq;
}

/** Converts an RFC 3339 time with up to nine decimals to nanoseconds since 1970. */
function nanosOf(timestamp: string): string {
  const [, seconds = "", decimals = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(timestamp) ?? [];
  return `${Date.parse(`${seconds}Z`) / 1_000}${decimals.padEnd(9, "0")}`;
}
