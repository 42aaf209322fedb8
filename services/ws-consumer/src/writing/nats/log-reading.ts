import type { JetStreamManager } from "@nats-io/jetstream";
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { type Msg, type NatsConnection, nanos, nuid, type Subscription } from "@nats-io/transport-node";
import { streamOf } from "@parley/protocol/log";
import { inboxOf } from "@parley/runtime/nats";
import type { LogItem, LogReading } from "../shard-log.ts";
import { itemsOf } from "./log-message.ts";

/** Entries and bytes that are read ahead at most: two batches of the writer. */
const AHEAD_ENTRIES_MAX = 2_000;
const AHEAD_BYTES_MAX = 2_000_000;
/** How long one request for entries waits at the server, ms. */
const REQUEST_MS = 5_000;
const HEARTBEAT_MS = 1_000;
/** Without a word from the server for so long while a request is out, the reading ends, ms. */
const SILENCE_MAX_MS = 2_500;
/** The server forgets the consumer after so long without a request, ms: a reading that is full makes none. */
const IDLE_MAX_MS = 30_000;

type Parts = Readonly<{ nats: NatsConnection; jsm: JetStreamManager; shard: number; shards: number }>;

/**
 * Reads a shard through an ephemeral pull consumer. Pull, so that no more arrives than there is room for while
 * Postgres is away; and by hand, because the library's ordered consumer costs more for each entry and hides when it
 * starts anew.
 */
export async function openLogReading(parts: Parts, cursor: number): Promise<PullReading> {
  const { jsm, shard } = parts;
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
  return new PullReading(parts, name);
}

export class PullReading implements LogReading {
  readonly #parts: Parts;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watch: NodeJS.Timeout;
  #items: LogItem[] = [];
  #bytes = 0;
  /** Each request has a number and is answered on a subject of its own. */
  #requests = 0;
  /** Entries that the last request may still bring; 0 once it has ended. */
  #awaited = 0;
  /** The number that the consumer gives to its next delivery. */
  #nextDelivery = 1;
  #heardAt = performance.now();
  #failure: Error | undefined;
  #isClosed = false;
  #wake = () => {};
  #arrival: Promise<void> | undefined;

  constructor(parts: Parts, consumer: string) {
    this.#parts = parts;
    this.#consumer = consumer;
    this.#inbox = inboxOf(parts.nats);
    this.#subscription = parts.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => this.#hear(error, msg),
    });
    this.#watch = setInterval(() => this.#listenForSilence(), HEARTBEAT_MS);
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
    clearInterval(this.#watch);
    this.#subscription.unsubscribe();
    const { jsm, shard } = this.#parts;
    // A consumer that is not deleted now is forgotten by the server soon.
    jsm.consumers.delete(streamOf(shard), this.#consumer).catch(() => undefined);
    this.#wake();
  }

  /** Ends the reading; what has arrived can still be taken. */
  fail(reason: string): void {
    this.#failure ??= new Error(`reading of shard ${this.#parts.shard} ended: ${reason}`);
    this.#wake();
  }

  #request(entries = Math.max(AHEAD_ENTRIES_MAX - this.#items.length, 1), bytes = AHEAD_BYTES_MAX): void {
    const hasRoom = this.#items.length <= AHEAD_ENTRIES_MAX / 2 && this.#bytes <= AHEAD_BYTES_MAX / 2;
    if (this.#awaited > 0 || !hasRoom || this.#failure || this.#isClosed) return;
    this.#requests += 1;
    this.#awaited = entries;
    this.#heardAt = performance.now();
    const { nats, shard } = this.#parts;
    const order = { batch: entries, expires: nanos(REQUEST_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    const limited = bytes > 0 ? { ...order, max_bytes: bytes } : order;
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

  #hear(error: Error | null, msg: Msg): void {
    if (this.#failure || this.#isClosed) return;
    this.#heardAt = performance.now();
    if (error) this.fail(error.message);
    else if (msg.reply?.startsWith("$JS.ACK.")) this.#hearEntry(msg, msg.reply);
    // What is said of an earlier request says nothing of this one: taken for its end, two would be out from then on.
    else if (msg.subject === this.#replySubject()) this.#hearStatus(msg);
  }

  #hearEntry(msg: Msg, reply: string): void {
    const { logSeq, logTime, delivery } = placeOf(reply);
    if (delivery !== this.#nextDelivery) {
      this.fail(`delivery ${delivery} came instead of ${this.#nextDelivery}`);
      return;
    }
    this.#nextDelivery += 1;
    for (const item of itemsOf(msg, { logSeq, logTime }, this.#parts)) {
      this.#items.push(item);
      this.#bytes += item.bytes;
    }
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#request();
    this.#wake();
  }

  #hearStatus(msg: Msg): void {
    const code = msg.headers?.code ?? 0;
    if (code === 100) return;
    const text = msg.headers?.description ?? "";
    const isTooLarge = code === 409 && /MaxBytes/i.test(text);
    const isFull = code === 409 && /Batch Completed/i.test(text);
    this.#awaited = 0;
    if (code !== 404 && code !== 408 && !isTooLarge && !isFull) this.fail(`${code} ${text}`);
    // An entry larger than all that may be read ahead comes alone.
    else if (isTooLarge && this.#items.length === 0) this.#request(1, 0);
    else this.#request();
  }

  #listenForSilence(): void {
    if (this.#awaited > 0 && performance.now() - this.#heardAt > SILENCE_MAX_MS)
      this.fail("the log is silent");
  }
}

/** How many items at the front are within the limits, or belong to the first message: none is cut in two. */
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
 * Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<ns>.<pending>`, or the longer form, that
 * has two more fields before the stream and one after all.
 */
function placeOf(reply: string): { logSeq: number; logTime: string; delivery: number } {
  const parts = reply.split(".");
  const at = parts.length === 9 ? 5 : 7;
  return { logSeq: Number(parts[at]), delivery: Number(parts[at + 1]), logTime: parts[at + 2] ?? "" };
}
