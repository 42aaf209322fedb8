import { randomUUID } from "node:crypto";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { ACKNOWLEDGED_STREAM, KEY_LENGTH } from "@parley/protocol/log";
import { ACKNOWLEDGED_SUBJECTS, acknowledgedSubject } from "@parley/protocol/subjects";
import { inboxOf } from "@parley/runtime/nats";
import { AcknowledgedKeys } from "./acknowledged-keys.ts";

/** Keys of others that are remembered at most, for each shard. */
const SLOTS = 32_768;
/** Keys gather for so long before they are told, ms. */
const TELL_EVERY_MS = 100;
/** Keys in one telling at most. */
const KEYS_MAX = 4_000;
/** Tellings that are asked for at once. */
const BATCH = 1_000;
/** Headers and the code of the answers (ADR-31). */
const SUBJECT = "Nats-Subject";
const PENDING = "Nats-Num-Pending";
const LAST = "Nats-Last-Sequence";
const END_OF_BATCH = 204;

/**
 * Producers tell one another which entries the log has acknowledged, and one that starts reads what was told in the last
 * ten minutes: an id that comes again by way of another producer is called a duplicate too, though the log does not know
 * the ids in a pack. It is only a hint: such an entry is appended all the same, so whatever somebody tells here, nothing
 * that was not stored is acknowledged.
 */
export class KeyExchange {
  readonly #nats: NatsConnection;
  /** This producer, as the others know it. */
  readonly #me = randomUUID();
  readonly #heard: readonly AcknowledgedKeys[];
  /** Keys that will be told, and how many bytes they are. */
  readonly #told: readonly { keys: Buffer; length: number }[];
  readonly #inbox: string;
  readonly #subscriptions: readonly Subscription[];
  #telling: NodeJS.Timeout | undefined;
  #isConnected = true;

  constructor(nats: NatsConnection, shards: number) {
    this.#nats = nats;
    this.#heard = Array.from({ length: shards }, () => new AcknowledgedKeys(SLOTS));
    this.#told = Array.from({ length: shards }, () => ({
      keys: Buffer.alloc(KEYS_MAX * KEY_LENGTH),
      length: 0,
    }));
    this.#inbox = inboxOf(nats);
    this.#subscriptions = [
      this.#listen(ACKNOWLEDGED_SUBJECTS, (msg) => this.#hear(msg.subject, msg)),
      this.#listen(this.#inbox, (msg) => this.#read(msg)),
    ];
    this.#ask(1);
    void this.#followConnection();
  }

  /** Whether a producer has told of this key. */
  has(shard: number, key: string): boolean {
    return this.#heard[shard]?.has(key) === true;
  }

  /** Tells the others soon that the log has acknowledged this key. */
  tell(shard: number, key: string): void {
    const told = this.#told[shard];
    if (told === undefined || key.length !== KEY_LENGTH) return;
    if (told.length === told.keys.length) this.#send(shard);
    // The oldest are not told if there is nobody to tell.
    if (told.length === told.keys.length) told.length = 0;
    told.length += told.keys.write(key, told.length, "latin1");
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#sendAll();
    }, TELL_EVERY_MS);
  }

  /** The shard's stream is another one: what was told of the one before says nothing of it. */
  forget(shard: number): void {
    const told = this.#told[shard];
    if (told !== undefined) told.length = 0;
    this.#heard[shard]?.clear();
  }

  /** Tells what is left, and ends. */
  close(): void {
    clearTimeout(this.#telling);
    this.#sendAll();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #listen(subject: string, onMessage: (msg: Msg) => void): Subscription {
    return this.#nats.subscribe(subject, {
      // An error means that it is not permitted, as where NATS has the users of before; the connection logs it.
      callback: (error, msg) => {
        if (error === null) onMessage(msg);
      },
    });
  }

  #sendAll(): void {
    for (const shard of this.#told.keys()) this.#send(shard);
  }

  #send(shard: number): void {
    const told = this.#told[shard];
    if (!told?.length || !this.#isConnected || this.#nats.isClosed()) return;
    this.#nats.publish(acknowledgedSubject(shard, this.#me), Buffer.from(told.keys.subarray(0, told.length)));
    told.length = 0;
  }

  #hear(subject: string, msg: Msg): void {
    const [, shard, producer] = subject.split(".");
    const heard = this.#heard[Number(shard)];
    if (heard === undefined || producer === this.#me) return;
    const keys = msg.string();
    for (let at = 0; at + KEY_LENGTH <= keys.length; at += KEY_LENGTH)
      heard.add(keys.slice(at, at + KEY_LENGTH));
  }

  /** What is published while the connection is lost, the library drops when it dials again. */
  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === "disconnect") this.#isConnected = false;
      if (type !== "reconnect") continue;
      this.#isConnected = true;
      this.#ask(1);
      this.#sendAll();
    }
  }

  /** Asks for what was told from there on (ADR-31); nobody answers while the stream is not there. */
  #ask(seq: number): void {
    const order = JSON.stringify({ seq, batch: BATCH });
    if (!this.#nats.isClosed())
      this.#nats.publish(`$JS.API.DIRECT.GET.${ACKNOWLEDGED_STREAM}`, order, { reply: this.#inbox });
  }

  #read(msg: Msg): void {
    const { headers } = msg;
    if (headers?.code === END_OF_BATCH && Number(headers.get(PENDING)) > 0)
      this.#ask(Number(headers.get(LAST)) + 1);
    const subject = headers?.get(SUBJECT);
    if (subject) this.#hear(subject, msg);
  }
}
