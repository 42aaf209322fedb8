import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { createInbox, headers, type NatsConnection } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { createTestDatabase } from "@parley/devstack/test-database";
import { unpackLive } from "@parley/protocol/live";
import { RECEIPT_HEADER, streamConfig, subjectOf } from "@parley/protocol/log";
import { PACK_ROOM, packLength, writePack } from "@parley/protocol/pack";
import { shardOf } from "@parley/protocol/rooms";
import { LIVE_SUBJECTS } from "@parley/protocol/subjects";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { LocalDelivery } from "../delivery/local-delivery.ts";
import { createLivePublisher, subscribeLive } from "../delivery/nats/live-exchange.ts";
import { createHistory, type History } from "../delivery/postgres/history.ts";
import { createPublishUserEvents } from "../me/nats/user-events-exchange.ts";
import { createFreeShards } from "./nats/free-shards.ts";
import { createShardLog } from "./nats/jetstream-log.ts";
import { createShardStore } from "./postgres/postgres-shard-store.ts";
import { openWriterDatabase } from "./postgres/writer-database.ts";
import { createWriters, type Writers, type WritersOptions } from "./run-writers.ts";

const MAX_BYTES = 1_073_741_824;

/** A nats-server for one test file. */
export type TestLog = Readonly<{ server: NatsServer; stop: () => Promise<void> }>;

export async function startTestLog(): Promise<TestLog> {
  const dataDir = await makeTempDir("writers");
  const server = await startNats({ dataDir });
  const stop = async () => {
    await server.kill("SIGCONT");
    await server.stop();
    await removeDataDir(dataDir);
  };
  return { server, stop };
}

export function connectTest(url: string, name = "test", noEcho = false): Promise<NatsConnection> {
  return connectNats({ url, name, noEcho, log: createLog(name, "silent") });
}

export type Instance = Readonly<{
  writers: Writers;
  nats: NatsConnection;
  /** Connection without echo: it receives only what other instances store. */
  live: NatsConnection;
  /** Delivers frames stored by any instance. */
  here: LocalDelivery;
  /** Reported lines: level and text. */
  reports: string[];
  close: () => Promise<void>;
}>;

/** Starts an instance of the writers with connections of its own. */
export async function startInstance(
  urls: { nats: string; postgres: string },
  shards: number,
  options: Partial<WritersOptions> = {},
): Promise<Instance> {
  const instance = options.instance ?? `test-${process.pid}-${crypto.randomUUID()}`;
  const nats = await connectTest(urls.nats, instance);
  const live = await connectTest(urls.nats, `${instance} live`, true);
  const database = openWriterDatabase(urls.postgres, instance, shards);
  const reports: string[] = [];
  const onFault = (error: unknown, what: string) => void reports.push(`warn: ${what} ${error}`);
  const here = new LocalDelivery(onFault);
  subscribeLive(live, here.deliver, onFault);
  const writers = createWriters({
    instance,
    shards,
    store: createShardStore(database),
    log: await createShardLog(nats, { shards, replicas: 1, maxBytes: MAX_BYTES, keepHours: 0 }),
    publisher: createLivePublisher({
      nats,
      live,
      deliverHere: here.deliver,
      publishUserEvents: createPublishUserEvents(live, here.deliver),
    }),
    free: createFreeShards(nats, onFault),
    report: (level, text, { err, ...details }) =>
      reports.push(`${level}: ${text} ${JSON.stringify(details)} ${err ?? ""}`.trimEnd()),
    ...options,
  });
  await writers.start();
  const close = async () => {
    await writers.close();
    await database.close();
    await live.close();
    await nats.close();
  };
  return { writers, nats, live, here, reports, close };
}

/** One instance of the writers, with a log and a database of its own, and what a test does with them. */
type Writing = Readonly<{
  database: Database;
  history: History;
  sender: Sender;
  instance: Instance;
  /** Frames that were delivered live: by room, seq → frame. */
  live: Map<string, Map<number, string>>;
  /** Waits until everything that was sent is stored or a dead letter. */
  untilWritten: () => Promise<void>;
  /** The ids of a room's messages, in order. */
  idsIn: (room: string) => Promise<string[]>;
  close: () => Promise<void>;
}>;

/** Starts a log, a database and one instance of the writers. */
export async function startWriting(shards: number): Promise<Writing> {
  const made = await createTestDatabase();
  const log = await startTestLog();
  const database = openDatabase({ url: made.url, name: "test", connections: 4, deadlineMs: 5_000 });
  const history = createHistory(database);
  const sender = await Sender.connect(log.server.url, shards);
  const live = collectLive(sender.nats);
  const instance = await startInstance({ nats: log.server.url, postgres: made.url }, shards);
  await sender.untilStreams();
  return {
    database,
    history,
    sender,
    instance,
    live,
    untilWritten: async () => {
      const seqs = await sender.lastSeqs();
      const cursors = () => instance.writers.cursors();
      await until("written", () => seqs.every((seq, shard) => (cursors().get(shard) ?? -1) >= seq));
      await sender.nats.flush();
    },
    idsIn: async (room) => (await history.page(room, { after: 0, limit: 5_000 })).map(({ id }) => id),
    close: async () => {
      await instance.close();
      await sender.nats.close();
      await database.close();
      await log.stop();
      await made.drop();
    },
  };
}

type Draft = Readonly<{ room: string; id: string; author?: string; body?: string; receipt?: string }>;

/** An entry as the producer writes it. */
export function entryText({ room, id, author = "u1", body = `said ${id}` }: Draft): string {
  const at = "2026-11-21T12:00:00.123Z";
  return JSON.stringify({ type: "message", room, id, author: { id: author, username: author }, body, at });
}

/** Appends entries to the log as a producer does, and inspects its streams. */
export class Sender {
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly shards: number;
  readonly #inbox = createInbox();
  #sent = 0;
  #answered = 0;

  constructor(nats: NatsConnection, jsm: JetStreamManager, shards: number) {
    this.nats = nats;
    this.jsm = jsm;
    this.shards = shards;
    nats.subscribe(this.#inbox, {
      callback: (_error, msg) => {
        if (msg.data.length > 0 && "seq" in msg.json<object>()) this.#answered += 1;
      },
    });
  }

  static async connect(url: string, shards: number): Promise<Sender> {
    const nats = await connectTest(url, "sender");
    return new Sender(nats, await jetstreamManager(nats, { checkAPI: false, timeout: 2_000 }), shards);
  }

  async makeStreams(): Promise<void> {
    for (let shard = 0; shard < this.shards; shard += 1)
      await this.jsm.streams.add(streamConfig(shard, this.shards, 1, MAX_BYTES));
  }

  async untilStreams(): Promise<void> {
    const names = Array.from({ length: this.shards }, (_, shard) => `CHAT_${shard}`);
    const areThere = () =>
      Promise.all(names.map((name) => this.jsm.streams.info(name))).then(
        () => true,
        () => false,
      );
    await until("the streams are there", areThere);
  }

  /** Does not wait for the log's acknowledgement; `lastSeqs` waits until the log has all entries. */
  send(draft: Draft, payload: string | Uint8Array = entryText(draft)): void {
    const extra = headers();
    if (draft.receipt !== undefined) extra.set(RECEIPT_HEADER, draft.receipt);
    this.nats.publish(subjectOf(shardOf(draft.room, this.shards), draft.room), payload, {
      headers: extra,
      reply: this.#inbox,
    });
    this.#sent += 1;
  }

  /** Sends several entries of a shard in one log message. */
  sendPack(shard: number, entries: readonly Readonly<{ payload: string; receiptTo?: string }>[]): void {
    const packed = entries.map((entry) => ({ ...entry, bytes: Buffer.byteLength(entry.payload) }));
    const pack = Buffer.alloc(packLength(packed));
    writePack(pack, 0, packed);
    this.nats.publish(subjectOf(shard, PACK_ROOM), pack, { reply: this.#inbox });
    this.#sent += 1;
  }

  /** Returns the last sequence of each shard's stream, once the log has everything that was sent. */
  async lastSeqs(): Promise<number[]> {
    await until("acknowledged by the log", () => this.#answered === this.#sent);
    const shards = Array.from({ length: this.shards }, (_, shard) => `CHAT_${shard}`);
    return Promise.all(shards.map(async (name) => (await this.jsm.streams.info(name)).state.last_seq));
  }
}

/** Collects frames from the live subjects: by room, seq → frame. */
export function collectLive(nats: NatsConnection): Map<string, Map<number, string>> {
  const received = new Map<string, Map<number, string>>();
  const callback = (_error: Error | null, msg: { subject: string; string: () => string }) => {
    const room = msg.subject.slice("live.".length);
    const frames = received.get(room) ?? new Map<number, string>();
    received.set(room, frames);
    const live = unpackLive(msg.string());
    for (const [index, frame] of live.frames.entries()) frames.set(live.first + index, frame);
  };
  nats.subscribe(LIVE_SUBJECTS, { callback });
  return received;
}

/** Polls a condition. @throws {Error} if it does not hold within `ms` */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  ms = 15_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not in ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
