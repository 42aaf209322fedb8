import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { ShardLog } from "../shard-log.ts";
import { openLogReading, type PullReading } from "./log-reading.ts";
import { prepareStream, type StreamSettings, streamCreated, trimStream } from "./stream-keeper.ts";

/**
 * How old an entry must be to leave the log, ms. Longer than the log's duplicate window (10 min): after a restart
 * the log knows message ids only from the entries that it still has.
 */
const TRIM_AGE_MS = 11 * 60_000;

/** How long the log may take to answer a question, ms. */
const ANSWER_MS = 2_000;

/** The log in JetStream. All of its readings end when the connection is lost: what was on its way is unknown. */
export async function createShardLog(nats: NatsConnection, settings: StreamSettings): Promise<ShardLog> {
  const jsm = await jetstreamManager(nats, { checkAPI: false, timeout: ANSWER_MS });
  const readings = new Set<PullReading>();
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
      // A request that is made meanwhile would be dropped by the client when it connects, and then time out.
      if (!isConnected) throw new Error("the log cannot be reached");
      return prepareStream(jsm, settings, position);
    },
    async read(position) {
      const { shard, cursor, streamCreated: expected } = position;
      const reading = await openLogReading({ nats, jsm, shard, shards: settings.shards }, cursor);
      try {
        // Asked after the consumer was made: if it is the same stream now, it was the same then.
        const created = await streamCreated(jsm, shard);
        if (created !== expected) throw new Error(`the stream of shard ${shard} was made anew meanwhile`);
      } catch (error) {
        reading.close();
        throw error;
      }
      readings.add(reading);
      return {
        take: (entries, bytes) => reading.take(entries, bytes),
        arrival: () => reading.arrival(),
        close: () => {
          readings.delete(reading);
          reading.close();
        },
      };
    },
    trim: (position) => trimStream(jsm, position, TRIM_AGE_MS),
  };
}
