import { headers, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { RECEIPT_HEADER, subjectOf } from "@parley/protocol/log";
import { PACK_ROOM, packLength, writePack } from "@parley/protocol/pack";
import { listen, type OnFault } from "@parley/runtime/listen";
import { inboxOf } from "@parley/runtime/nats";
import type { PendingEntry } from "./pending-entries.ts";

/**
 * One message to the log: a single entry, or several as a pack. It keeps its entries and its id however often it is
 * published, so that the log recognises it.
 */
export type Publication = Readonly<{
  entries: readonly PendingEntry[];
  /** Id of a pack; a single entry is published under its own key. */
  packId: string;
}>;

/** The log's answer to a publication. */
export type LogAnswer =
  | Readonly<{ kind: "stored"; seq: number; duplicate: boolean }>
  /** No answer before the deadline: the outcome is unknown. */
  | Readonly<{ kind: "timeout" }>
  /** No subscriber on the subject: the stream is missing, or JetStream has not started. */
  | Readonly<{ kind: "absent" }>
  /** The log is full; nothing of the publication is stored. */
  | Readonly<{ kind: "full"; reason: string }>
  /** Any other refusal. */
  | Readonly<{ kind: "refused"; reason: string }>;

type Request = Readonly<{ onAnswer: (answer: LogAnswer) => void; deadline: NodeJS.Timeout }>;

/** Header by which the log recognises duplicates. */
const MESSAGE_ID_HEADER = "Nats-Msg-Id";

/**
 * Publishes to JetStream and matches its answers, with one subscription for all of them. The library's own request
 * costs five times the CPU, because each has a timer and several promises (docs/decisions/0002).
 */
export class LogRequests {
  readonly #nats: NatsConnection;
  readonly #prefix: string;
  readonly #requests = new Map<number, Request>();
  #lastId = 0;

  constructor(nats: NatsConnection, onFault: OnFault) {
    this.#nats = nats;
    this.#prefix = `${inboxOf(nats)}.`;
    const end = (msg: Msg) =>
      this.#end(Number(msg.subject.slice(this.#prefix.length)), () => readAnswer(msg));
    listen(nats, `${this.#prefix}*`, end, onFault);
  }

  /**
   * Publishes one entry to its room's subject, or several as a pack. Calls `onAnswer` once: with the log's answer, or
   * with `timeout` after `deadlineMs`. Returns a function that cancels the call; the publication itself cannot be
   * cancelled.
   *
   * @throws {Error} if the connection is closed.
   */
  publish(
    shard: number,
    publication: Publication,
    deadlineMs: number,
    onAnswer: (answer: LogAnswer) => void,
  ): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    const deadline = setTimeout(() => this.#end(id, () => ({ kind: "timeout" })), deadlineMs);
    this.#requests.set(id, { onAnswer, deadline });
    send(this.#nats, shard, publication, this.#prefix + id);
    return () => this.#forget(id);
  }

  #forget(id: number): Request | undefined {
    const request = this.#requests.get(id);
    if (request !== undefined) clearTimeout(request.deadline);
    this.#requests.delete(id);
    return request;
  }

  #end(id: number, answer: () => LogAnswer): void {
    this.#forget(id)?.onAnswer(answer());
  }
}

/** Publishes with `reply` as the subject of the log's answer. */
function send(nats: NatsConnection, shard: number, { entries, packId }: Publication, reply: string): void {
  const [first, second] = entries;
  if (first === undefined) return;
  const head = headers();
  if (second === undefined) {
    const { room, key, receiptTo, payload } = first.entry;
    head.set(MESSAGE_ID_HEADER, key);
    if (receiptTo !== undefined) head.set(RECEIPT_HEADER, receiptTo);
    nats.publish(subjectOf(shard, room), payload, { headers: head, reply });
    return;
  }
  const lines = entries.map(({ entry: { payload, receiptTo }, bytes }) => ({ payload, bytes, receiptTo }));
  const pack = Buffer.allocUnsafe(packLength(lines));
  writePack(pack, 0, lines);
  head.set(MESSAGE_ID_HEADER, packId);
  nats.publish(subjectOf(shard, PACK_ROOM), pack, { headers: head, reply });
}

/** JetStream's error codes of a full log (nats-server, server/errors.json). */
const FULL: ReadonlySet<number> = new Set([
  10023, // insufficient resources
  10047, // insufficient storage resources available
  10077, // the store failed: maximum bytes exceeded, or the disk is full
  10122, // the account's limit of bytes for a stream
]);
const NO_RESPONDERS = 503;

type PubAck = Readonly<{
  seq?: number;
  duplicate?: boolean;
  error?: { err_code?: number; description?: string };
}>;

/** Parses JetStream's answer. Anything else counts as a refusal. */
function readAnswer(msg: Msg): LogAnswer {
  const text = msg.string();
  if (text === "") {
    if (msg.headers?.code === NO_RESPONDERS) return { kind: "absent" };
    return { kind: "refused", reason: "empty answer" };
  }
  let ack: PubAck;
  try {
    ack = (JSON.parse(text) ?? {}) as PubAck;
  } catch {
    return { kind: "refused", reason: "not an answer of JetStream" };
  }
  if (ack.error !== undefined) return readError(ack.error);
  if (ack.seq === undefined || ack.seq < 1) return { kind: "refused", reason: "no sequence" };
  const { seq, duplicate = false } = ack;
  return { kind: "stored", seq, duplicate };
}

function readError({ err_code = 0, description = "" }: NonNullable<PubAck["error"]>): LogAnswer {
  const reason = `${description} (${err_code})`;
  return { kind: FULL.has(err_code) ? "full" : "refused", reason };
}
