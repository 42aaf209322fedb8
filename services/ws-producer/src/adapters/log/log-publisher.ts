import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import type { LogEventOf } from "@parley/protocol/events";
import { eventKey, messageKey, streamOf } from "@parley/protocol/log";
import { logMessageOf } from "@parley/protocol/message";
import { shardOf } from "@parley/protocol/rooms";
import { crashPoint } from "@parley/runtime/crash-point";
import { sleep, withDeadline } from "@parley/runtime/deadline";
import { Histogram, LATENCY_SECONDS, SIZES } from "@parley/runtime/histogram";
import type { Log } from "@parley/runtime/log";
import type { AppendMessage } from "../../application/post-message.ts";
import type { AppendReaction } from "../../application/react.ts";
import type { Backlog } from "./backlog.ts";
import type { StreamFinding } from "./log-check.ts";
import { LogRequests } from "./log-requests.ts";
import { LogWatch } from "./log-watch.ts";
import type { NewEntry, Published } from "./pending-entries.ts";
import type { PublishCounters } from "./publish-counters.ts";
import { ShardLane } from "./shard-lane.ts";

const CLOSE_POLL_MS = 10;
const FLUSH_DEADLINE_MS = 500;

type LogPublisherOptions = Readonly<{
  shards: number;
  /** Monitoring addresses of NATS: the fsync setting of each server is checked. */
  monitorUrls: readonly string[];
  /** Called for each acknowledged entry, before its caller's promise resolves. */
  onPublished?: (published: Published) => void;
  /** Longest wait for pending entries in `close`, ms. */
  closeDeadlineMs: number;
  /** Makes of a function that publishes one that is traced as well. */
  trace?: ((publish: LogRequests["publish"]) => LogRequests["publish"]) | undefined;
  log: Pick<Log, "info" | "error">;
}>;

/** Publishes to the log once its settings have been checked, and keeps checking them. */
export interface LogPublisher {
  /**
   * Appends an entry to its room's shard of the log and resolves once it is on disk. An attempt without an answer may
   * have been stored, so the same key is published again until the log answers: it is stored once. Entries of one room
   * are stored in the order of the calls, as long as nothing has to be published again.
   *
   * @throws {Refusal} `overloaded` if too many entries are pending or the log is full; `unavailable` if the process is
   * closing, the client is gone, or the log keeps refusing the entry or answers nothing. A rejected entry may have been
   * stored.
   */
  readonly publish: (entry: NewEntry) => Promise<Published>;
  readonly counters: Readonly<PublishCounters>;
  /** The number of entries without an outcome. */
  pending(): number;
  /** When the oldest of them was accepted, ISO 8601; undefined if there is none. */
  oldestPending(): string | undefined;
  /** Whether each shard's lane publishes. */
  lanesOpen(): readonly boolean[];
  /** The streams as they were found last; empty before that, and while NATS is away. */
  streams(): readonly StreamFinding[];
  /** For `/health/ready`. @throws {Error} that names every setting of the log that would break a promise. */
  assertReady(): void;
  /** Refuses new entries, waits up to `closeDeadlineMs` for pending ones, then rejects the rest with `unavailable`. */
  close(): Promise<void>;
}

export function createLogPublisher(nats: NatsConnection, options: LogPublisherOptions): LogPublisher {
  const { shards, monitorUrls, log, onPublished, closeDeadlineMs, trace } = options;
  const counters = {
    published: 0,
    duplicates: 0,
    retries: 0,
    refused: 0,
    ackSeconds: new Histogram(LATENCY_SECONDS),
    publishSeconds: new Histogram(LATENCY_SECONDS),
    packEntries: new Histogram(SIZES),
  };
  const untraced = new LogRequests(nats, (err, what) => log.error({ part: "log", err }, what));
  const requests = trace ? { publish: trace((...request) => untraced.publish(...request)) } : untraced;
  const onSuspect = (shard: number, reason: string) => {
    log.error({ part: "log", stream: streamOf(shard), reason }, "the log's sequence went backwards");
    watch.wake();
  };
  const lanes = Array.from(
    { length: shards },
    (_, shard) =>
      new ShardLane(shard, {
        requests,
        counters,
        onPublished,
        onSuspect,
        onTimeout: () => watch.checkSoon(),
      }),
  );
  const watch = new LogWatch(nats, lanes, { shards, monitorUrls, log });
  const pending = () => lanes.reduce((sum, lane) => sum + lane.pending.size, 0);
  let closing = false;
  void watch.run();
  return {
    counters,
    pending,
    oldestPending: () =>
      lanes
        .flatMap(({ pending }) => pending.oldestAt ?? [])
        .sort()
        .at(0),
    lanesOpen: () => lanes.map(({ isOpen }) => isOpen),
    streams: () => watch.streams,
    // Not an async function: each message would pay for it (docs/decisions/0002).
    publish: (entry) => {
      try {
        if (closing) throw serviceClosing();
        return (lanes[shardOf(entry.room, shards)] as ShardLane).append(entry);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    assertReady: () => watch.assertReady(),
    close: async () => {
      closing = true;
      const deadline = performance.now() + closeDeadlineMs;
      while (pending() > 0 && performance.now() < deadline) await sleep(CLOSE_POLL_MS);
      watch.stop();
      for (const lane of lanes) lane.rejectAll(serviceClosing());
      // The connection is closed next, which drops what it has not sent yet.
      await withDeadline(nats.flush(), FLUSH_DEADLINE_MS, "flushing NATS").catch(() => undefined);
    },
  };
}

const serviceClosing = () => new Refusal("unavailable", "the service is closing", { retryAfterMs: 1_000 });

/** Makes the function that encodes a message as members will see it and appends it, unless the backlog is too large. */
export function createAppendMessage(
  publish: LogPublisher["publish"],
  backlog: Backlog,
  shards: number,
): AppendMessage {
  return (message, { isGone, receiptTo, since }) => {
    const { id, room, author, at, content } = message;
    backlog.check(shardOf(room, shards));
    const key = messageKey(room, author.id, id);
    crashPoint("producer-before-publish");
    const payload = JSON.stringify(logMessageOf(message, content));
    return publish({ room, key, payload, at, isGone, receiptTo, since });
  };
}

/** The same for a reaction. */
export function createAppendReaction(
  publish: LogPublisher["publish"],
  backlog: Backlog,
  shards: number,
): AppendReaction {
  return ({ id, room, author, at, target, emoji, remove }, isGone, receiptTo) => {
    backlog.check(shardOf(room, shards));
    const type = "reaction";
    const entry: LogEventOf<"reaction"> = { type, room, id, author, at, target, emoji, remove };
    const key = eventKey(room, author.id, type, id);
    return publish({ room, key, payload: JSON.stringify(entry), at, isGone, receiptTo });
  };
}
