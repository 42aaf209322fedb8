import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { streamOf } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import { pause, withDeadline } from "@parley/runtime/deadline";
import type { Log } from "@parley/runtime/log";
import type { PublishEntry, Published } from "../../application/publish-message.ts";
import { LogWatch } from "./log-watch.ts";
import { createCounters, type PublishCounters } from "./publish-counters.ts";
import { ReplyInbox } from "./reply-inbox.ts";
import { ShardLane } from "./shard-lane.ts";

const CLOSE_POLL_MS = 10;
const FLUSH_DEADLINE_MS = 500;

export type LogPublisherOptions = Readonly<{
  shards: number;
  /** Monitoring address of NATS: with it, its fsync setting is checked. */
  monitorUrl?: string | undefined;
  /** Hears of each entry that the log has, before its caller does. */
  onPublished?: (published: Published) => void;
  /** Longest wait for pending entries in `close`, ms. */
  closeDeadlineMs: number;
  log: Pick<Log, "info" | "error">;
}>;

/** Publishes to the log once it has been looked at and is right, and keeps looking. */
export interface LogPublisher {
  readonly publish: PublishEntry;
  readonly counters: Readonly<PublishCounters>;
  /** Entries that have no outcome yet. */
  pending(): number;
  /** @throws {Error} that names each part of the log that is not as it must be. For `/health/ready`. */
  assertReady(): void;
  /** Refuses new entries, waits up to `closeDeadlineMs` for pending ones, then rejects the rest with `unavailable`. */
  close(): Promise<void>;
}

export function createLogPublisher(nats: NatsConnection, options: LogPublisherOptions): LogPublisher {
  const { shards, monitorUrl, log, onPublished, closeDeadlineMs } = options;
  const counters = createCounters();
  const inbox = new ReplyInbox(nats);
  const onSuspect = (shard: number, reason: string) => {
    log.error({ part: "log", stream: streamOf(shard), reason }, "the log's numbering went backwards");
    watch.wake();
  };
  const lanes = Array.from(
    { length: shards },
    (_, shard) => new ShardLane(shard, { nats, inbox, counters, onPublished, onSuspect }),
  );
  const watch = new LogWatch(nats, lanes, { shards, monitorUrl, log });
  const pending = () => lanes.reduce((sum, lane) => sum + lane.pending.size, 0);
  let closing = false;
  void watch.run();
  return {
    counters,
    pending,
    // Not an async function: each message would pay for it (docs/decisions/0002).
    publish: (entry) => {
      try {
        if (closing) throw closingDown();
        return (lanes[shardOf(entry.room, shards)] as ShardLane).append(entry);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    assertReady: () => watch.assertReady(),
    close: async () => {
      closing = true;
      const deadline = performance.now() + closeDeadlineMs;
      while (pending() > 0 && performance.now() < deadline) await pause(CLOSE_POLL_MS);
      watch.stop();
      for (const lane of lanes) lane.close(closingDown());
      // The connection is closed next, and what it has not sent by then would be lost.
      await withDeadline(nats.flush(), FLUSH_DEADLINE_MS, "the last words to NATS").catch(() => undefined);
    },
  };
}

const closingDown = () => new Refusal("unavailable", "the service is closing", { retryAfterMs: 1_000 });
