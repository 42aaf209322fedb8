import type { JetStreamManager } from "@nats-io/jetstream";
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { type Msg, type NatsConnection, nanos, nuid } from "@nats-io/transport-node";
import { streamOf, subjectOf } from "@parley/protocol/log";
import { listen } from "@parley/runtime/listen";
import { inboxOf } from "@parley/runtime/nats";
import type { LogItem, LogReading } from "../shard-log.ts";
import type { LogShard } from "./log-entry.ts";
import { itemsOf, type LogPosition } from "./log-message.ts";

/** Read-ahead limits, in entries and bytes: two batches of the writer. */
const AHEAD_ENTRIES_MAX = 2_000;
const AHEAD_BYTES_MAX = 2_000_000;
/** How long a pull request stays open at the server, ms. */
const REQUEST_MS = 5_000;
const HEARTBEAT_MS = 1_000;
/** Longest silence of the server while a pull request is open, ms; then the reading fails. */
const SILENCE_MAX_MS = 2_500;
/** The server deletes the consumer after this long without a pull request, ms. A full reading sends none. */
const IDLE_MAX_MS = 30_000;

type ReadingDependencies = Readonly<{
  nats: NatsConnection;
  jsm: JetStreamManager;
  shard: number;
  shards: number;
  onClose: (reading: PullReading) => void;
}>;

/**
 * Reads a shard through an ephemeral pull consumer. Pull, so that no more arrives than memory is reserved for while
 * Postgres is away. The pull requests are our own, because the library's ordered consumer costs more CPU per entry and
 * does not report when it starts over.
 */
export async function openLogReading(deps: ReadingDependencies, cursor: number): Promise<PullReading> {
  const { jsm, shard } = deps;
  const name = `writer-${nuid.next()}`;
  await jsm.consumers.add(streamOf(shard), {
    name,
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: cursor + 1,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(IDLE_MAX_MS),
  });
  return new PullReading(deps, name);
}

export class PullReading implements LogReading {
  readonly #deps: ReadingDependencies;
  readonly #shard: LogShard;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #unsubscribe: () => void;
  readonly #silenceTimer: NodeJS.Timeout;
  #items: LogItem[] = [];
  #bytes = 0;
  /** Pull requests so far: each is numbered and answered on a subject of its own. */
  #requests = 0;
  /** Messages that the open pull request may still deliver; 0 if none is open. */
  #awaited = 0;
  /** Expected delivery number of the consumer; any other means that a message was lost. */
  #nextDelivery = 1;
  #heardAt = performance.now();
  #failure: Error | undefined;
  #isClosed = false;
  #wake = () => {};
  #arrival: Promise<void> | undefined;

  constructor(deps: ReadingDependencies, consumer: string) {
    const { nats, shard, shards } = deps;
    this.#deps = deps;
    this.#shard = { shard, shards, prefix: subjectOf(shard, "") };
    this.#consumer = consumer;
    this.#inbox = inboxOf(nats);
    const fail = (error: unknown) => this.fail(String(error));
    this.#unsubscribe = listen(nats, `${this.#inbox}.*`, (msg) => this.#receive(msg), fail);
    this.#silenceTimer = setInterval(() => this.#checkSilence(), HEARTBEAT_MS);
    this.#request();
  }

  take(entriesMax: number, bytesMax: number): LogItem[] {
    const { count, bytes } = wholeMessages(this.#items, entriesMax, bytesMax);
    if (count === 0 && this.#failure) throw this.#failure;
    const taken = this.#items.slice(0, count);
    this.#items = this.#items.slice(count);
    this.#bytes -= bytes;
    this.#request();
    return taken;
  }

  arrival(): Promise<void> {
    if (this.#items.length > 0 || this.#failure || this.#isClosed) return Promise.resolve();
    this.#arrival ??= new Promise((resolve) => {
      this.#wake = () => {
        this.#arrival = undefined;
        this.#wake = () => {};
        resolve();
      };
    });
    return this.#arrival;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#silenceTimer);
    this.#unsubscribe();
    const { jsm, shard, onClose } = this.#deps;
    // If the deletion fails, the server deletes the consumer after `IDLE_MAX_MS`.
    jsm.consumers.delete(streamOf(shard), this.#consumer).catch(() => undefined);
    onClose(this);
    this.#wake();
  }

  /** Ends the reading; entries that have arrived can still be taken. */
  fail(reason: string): void {
    this.#failure ??= new Error(`reading of shard ${this.#deps.shard} ended: ${reason}`);
    this.#wake();
  }

  /** Sends a pull request, unless one is open or more than half of the read-ahead is filled. */
  #request(entries = Math.max(AHEAD_ENTRIES_MAX - this.#items.length, 1), bytes = AHEAD_BYTES_MAX): void {
    const hasRoom = this.#items.length <= AHEAD_ENTRIES_MAX / 2 && this.#bytes <= AHEAD_BYTES_MAX / 2;
    if (this.#awaited > 0 || !hasRoom || this.#failure || this.#isClosed) return;
    this.#requests += 1;
    this.#awaited = entries;
    this.#heardAt = performance.now();
    const { nats, shard } = this.#deps;
    const pull = { batch: entries, expires: nanos(REQUEST_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    const limited = bytes > 0 ? { ...pull, max_bytes: bytes } : pull;
    try {
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${streamOf(shard)}.${this.#consumer}`;
      nats.publish(subject, JSON.stringify(limited), { reply: this.#replySubject() });
    } catch (error) {
      this.fail(String(error));
    }
  }

  #replySubject(): string {
    return `${this.#inbox}.${this.#requests}`;
  }

  #receive(msg: Msg): void {
    if (this.#failure || this.#isClosed) return;
    this.#heardAt = performance.now();
    if (msg.reply?.startsWith("$JS.ACK.")) this.#receiveMessage(msg, msg.reply);
    // Ignore the status of earlier pull requests; otherwise two would stay open from then on.
    else if (msg.subject === this.#replySubject()) this.#receiveStatus(msg);
  }

  #receiveMessage(msg: Msg, reply: string): void {
    const { position, delivery } = metadataOf(reply);
    if (delivery !== this.#nextDelivery) {
      this.fail(`delivery ${delivery} came instead of ${this.#nextDelivery}`);
      return;
    }
    this.#nextDelivery += 1;
    for (const item of itemsOf(msg, position, this.#shard)) {
      this.#items.push(item);
      this.#bytes += item.bytes;
    }
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#request();
    this.#wake();
  }

  #receiveStatus(msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    if (code === 100) return;
    const text = msg.headers?.description ?? "";
    const isTooLarge = code === 409 && /MaxBytes/i.test(text);
    const isFull = code === 409 && /Batch Completed/i.test(text);
    this.#awaited = 0;
    if (code !== 404 && code !== 408 && !isTooLarge && !isFull) this.fail(`${code} ${text}`);
    // A message larger than `AHEAD_BYTES_MAX` is requested alone, without a byte limit.
    else if (isTooLarge && this.#items.length === 0) this.#request(1, 0);
    else this.#request();
  }

  #checkSilence(): void {
    if (this.#awaited > 0 && performance.now() - this.#heardAt > SILENCE_MAX_MS)
      this.fail("the log is silent");
  }
}

/** Counts the items at the front that are within the limits; whole log messages only, and the first in any case. */
function wholeMessages(items: readonly LogItem[], entriesMax: number, bytesMax: number) {
  let whole = { count: 0, bytes: 0 };
  let bytes = 0;
  for (const [i, item] of items.entries()) {
    bytes += item.bytes;
    if (!item.isLast) continue;
    if (whole.count > 0 && (i >= entriesMax || bytes > bytesMax)) break;
    whole = { count: i + 1, bytes };
  }
  return whole;
}

/**
 * Parses the reply subject of a delivery (nats.dev, ADR-15): `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream
 * seq>.<consumer seq>.<ns>.<pending>`, or the longer form, with two more tokens before the stream and one at the end.
 */
function metadataOf(reply: string): { position: LogPosition; delivery: number } {
  const tokens = reply.split(".");
  const at = tokens.length === 9 ? 5 : 7;
  const position = { logSeq: Number(tokens[at]), logTime: tokens[at + 2] ?? "" };
  return { position, delivery: Number(tokens[at + 1]) };
}
