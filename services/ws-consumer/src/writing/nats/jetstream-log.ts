import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { ShardLog } from "../shard-log.ts";
import { openLogReading, type PullReading } from "./log-reading.ts";
import { prepareStream, type StreamSettings, streamCreated, trimStream } from "./shard-stream.ts";

/**
 * Least age of an entry that is trimmed, ms, whatever LOG_KEEP_HOURS says. Longer than the log's duplicate window (10 min): after a restart
 * nats-server knows message ids only from the entries that it still has.
 */
const TRIM_AGE_MIN_MS = 11 * 60_000;
const HOUR_MS = 3_600_000;

/** Deadline of a JetStream API request, ms. */
const ANSWER_MS = 2_000;

/**
 * Creates the port to the log over JetStream. All readings fail when the connection is lost, because messages in flight
 * may be lost with it. Stored entries are kept for `keepHours`.
 */
export async function createShardLog(
  nats: NatsConnection,
  settings: StreamSettings & Readonly<{ keepHours: number }>,
): Promise<ShardLog> {
  const trimAges = {
    keepMs: Math.max(settings.keepHours * HOUR_MS, TRIM_AGE_MIN_MS),
    leastMs: TRIM_AGE_MIN_MS,
  };
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: ANSWER_MS });
  const readings = new Set<PullReading>();
  const onClose = (reading: PullReading) => void readings.delete(reading);
  let isConnected = true;
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === "disconnect" || type === "close") isConnected = false;
      else if (type === "reconnect") isConnected = true;
      else continue;
      for (const reading of readings) reading.fail("the connection was lost");
      readings.clear();
    }
  })();
  return {
    isReachable: () => isConnected,
    async prepare(position) {
      // While disconnected, the client would drop the request when it reconnects, and it would time out.
      if (!isConnected) throw new Error("the log cannot be reached");
      return prepareStream(jsm, settings, position);
    },
    async read({ shard, cursor, streamCreated: expected }) {
      const { shards } = settings;
      const reading = await openLogReading({ nats, jsm, shard, shards, onClose }, cursor);
      try {
        // Checked after the consumer was made: if the stream is the expected one now, it was so then.
        const created = await streamCreated(jsm, shard);
        if (created !== expected) throw new Error(`the stream of shard ${shard} was made anew meanwhile`);
      } catch (error) {
        reading.close();
        throw error;
      }
      readings.add(reading);
      return reading;
    },
    trim: (position) => trimStream(jsm, position, trimAges),
  };
}
