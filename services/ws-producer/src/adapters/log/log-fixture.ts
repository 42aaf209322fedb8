import { join } from "node:path";
import { type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { messageKey, streamConfig, streamOf } from "@parley/protocol/log";
import { parseLine } from "@parley/protocol/pack";
import { createLogPublisher, type LogPublisher } from "./log-publisher.ts";
import type { NewEntry, Published } from "./pending-entries.ts";

const STREAM_BYTES_MAX = 256 * 1024 * 1024;
export const WAIT_DEADLINE_MS = 20_000;
/** Shorter than in the service: most tests leave entries pending on purpose. */
const CLOSE_DEADLINE_MS = 500;

/** A nats-server with a connection as the services have it, and a manager of its streams. */
export class LogFixture {
  readonly server: NatsServer;
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  /** What the publisher logged as errors. */
  readonly errors: Record<string, unknown>[] = [];
  readonly #dataDir: string;
  readonly #publishers: LogPublisher[] = [];

  private constructor(server: NatsServer, nats: NatsConnection, jsm: JetStreamManager, dataDir: string) {
    this.server = server;
    this.nats = nats;
    this.jsm = jsm;
    this.#dataDir = dataDir;
  }

  static async start(extraConfig?: string, parent?: string): Promise<LogFixture> {
    const dataDir = parent === undefined ? await makeTempDir("log") : join(parent, "nats");
    const server = await startNats({ dataDir, extraConfig });
    const nats = await connect({
      servers: server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      pingInterval: 5_000,
      noAsyncTraces: true,
    });
    return new LogFixture(
      server,
      nats,
      await jetstreamManager(nats, { checkAPI: false, timeout: WAIT_DEADLINE_MS }),
      dataDir,
    );
  }

  async stop(): Promise<void> {
    await this.server.kill("SIGCONT");
    await this.nats.close();
    await this.server.stop();
    await removeDataDir(this.#dataDir);
  }

  /** Creates the empty streams of a log. */
  async makeLog(shards: number, changes: Partial<StreamConfig> = {}): Promise<void> {
    for (let shard = 0; shard < shards; shard += 1)
      await this.jsm.streams.add({ ...streamConfig(shard, shards, 1, STREAM_BYTES_MAX), ...changes });
  }

  publisher(
    shards: number,
    { monitorUrls = [this.server.monitorUrl], closeDeadlineMs = CLOSE_DEADLINE_MS } = {},
  ): LogPublisher {
    const log = {
      info: () => undefined,
      error: (fault: Record<string, unknown>) => void this.errors.push(fault),
    };
    const publisher = createLogPublisher(this.nats, { shards, monitorUrls, closeDeadlineMs, log });
    this.#publishers.push(publisher);
    return publisher;
  }

  /** Closes the publishers of a test and deletes its streams. */
  async clear(): Promise<void> {
    await Promise.all(this.#publishers.splice(0).map((publisher) => publisher.close()));
    for await (const name of this.jsm.streams.names()) await this.jsm.streams.delete(name);
    this.errors.length = 0;
  }

  /** The ids of the entries in each message of a shard, in the order of the log. */
  async idsIn(shard: number): Promise<string[][]> {
    const { state } = await this.jsm.streams.info(streamOf(shard));
    const seqs = Array.from({ length: state.messages }, (_, i) => state.first_seq + i);
    const messages = await Promise.all(
      seqs.map((seq) => this.jsm.streams.getMessage(streamOf(shard), { seq })),
    );
    return messages.map((message) =>
      (message?.string() ?? "").split("\n").map((line) => JSON.parse(parseLine(line).text).id),
    );
  }
}

/** Acceptance time of the entries of `entryOf`. */
export const AT = "2026-11-29T12:00:00.000Z";

export const entryOf = (id: string, room = "general", at = AT): NewEntry => ({
  room,
  key: messageKey(room, "somebody", id),
  payload: JSON.stringify({ id }),
  at,
});

/** Publishes `count` entries in one turn of the event loop. */
export function appendMany(publisher: LogPublisher, prefix: string, count: number): Promise<Published[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => publisher.publish(entryOf(`${prefix}${i}`))));
}

/** Waits until `holds` neither throws nor returns false. @throws its last error after `deadlineMs`. */
export async function until(holds: () => unknown, deadlineMs = WAIT_DEADLINE_MS): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      if ((await holds()) !== false) return;
      throw new Error("does not hold");
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
