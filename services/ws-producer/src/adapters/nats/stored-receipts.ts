import { randomUUID } from "node:crypto";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { STORED_QUESTIONS_MAX, type StoredAnswer, type StoredQuestion } from "@parley/protocol/stored";
import { PROGRESS_SUBJECTS, type Progress, RECEIPT_PREFIX, STORED_SUBJECT } from "@parley/protocol/subjects";
import { listen, type OnFault } from "@parley/runtime/listen";
import type { AwaitedEntry } from "../../application/awaited-entry.ts";
import { requestConsumer } from "./request-consumer.ts";

/** Interval at which receipts are looked for that should be here: their shard is stored beyond their entry, ms. */
const CHECK_MS = 250;
/** Interval at which entries of closed sockets and those past their deadline are removed, ms. */
const SWEEP_MS = 5_000;
/** Deadline of an answer, and pause after one that did not bring everything, ms. */
const ASK_MS = 1_000;
/** Longest wait for a receipt, ms. */
const WAIT_DEADLINE_MS = 10 * 60_000;
/** Most receipts that may be awaited at once, and most bytes of what is kept of their entries. */
const AWAITED_MAX = 50_000;
const AWAITED_BYTES_MAX = 32 * 1_024 * 1_024;
const ENTRY_OVERHEAD_BYTES = 400;
/** Most receipts that are kept before `wait` is called; the oldest is dropped for a new one. */
const EARLY_MAX = 1_000;

type Awaited = Readonly<{
  subject: string;
  question: StoredQuestion;
  /** Sequence in the log of its shard. */
  logSeq: number;
  bytes: number;
  deadline: number;
  isGone: () => boolean;
  resolve: (answer: StoredAnswer) => void;
  reject: (error: Refusal) => void;
}>;

type Shard = {
  /** How far its writer is, and how far it was at the last check; undefined until it says so. */
  cursor: number | undefined;
  checkedCursor: number | undefined;
  /** Entries that it has not stored at the last check, in the order of the log; then those whose receipt is late. */
  readonly waiting: Map<string, Awaited>;
  readonly late: Map<string, Awaited>;
  isAsking: boolean;
  askAt: number;
};

/**
 * Receipts of the writers, on subjects `receipt.<instance>.<n>`. A receipt is core NATS and can be lost: once the writer's
 * progress has passed the entry and no receipt came, a consumer is asked, by one request per shard at a time for many
 * entries. While Postgres is away nothing is asked, however many wait. All answers come from Postgres.
 */
export class StoredReceipts {
  readonly #nats: NatsConnection;
  readonly #onFault: OnFault;
  readonly #prefix = `${RECEIPT_PREFIX}${randomUUID()}`;
  readonly #shards: readonly Shard[];
  readonly #awaited = new Map<string, { shard: Shard; one: Awaited }>();
  #bytes = 0;
  /** Receipts that arrived before the log's acknowledgement, as they do when Postgres is quick. */
  readonly #early = new Map<string, StoredAnswer>();
  #next = 0;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(nats: NatsConnection, shards: number, onFault: OnFault) {
    this.#nats = nats;
    this.#onFault = onFault;
    this.#shards = Array.from({ length: shards }, () => ({
      cursor: undefined,
      checkedCursor: undefined,
      waiting: new Map(),
      late: new Map(),
      isAsking: false,
      askAt: 0,
    }));
    listen(nats, `${this.#prefix}.*`, (message) => this.#receive(message), onFault);
    listen(nats, PROGRESS_SUBJECTS, (message) => this.#follow(message.json<Progress>()), onFault);
    this.#timers = [
      setInterval(() => this.#check(), CHECK_MS).unref(),
      setInterval(() => this.#sweep(), SWEEP_MS).unref(),
    ];
  }

  /** Returns a subject for one entry's receipt. @throws {Refusal} `overloaded` if too many are awaited. */
  open = (): string => {
    if (this.#awaited.size >= AWAITED_MAX || this.#bytes >= AWAITED_BYTES_MAX)
      throw new Refusal("overloaded", "too many receipts are awaited", { retryAfterMs: ASK_MS });
    this.#next += 1;
    return `${this.#prefix}.${this.#next}`;
  };

  /**
   * Resolves with the seq of the entry in Postgres.
   *
   * @throws {Refusal} `message_not_found` for a reaction to what is no visible message; `unavailable` after ten minutes,
   * or some seconds after `isGone` returns true.
   */
  wait = async (subject: string, entry: AwaitedEntry, isGone: () => boolean): Promise<number> => {
    const early = this.#early.get(subject);
    this.#early.delete(subject);
    const answer = early ?? (await this.#await(subject, entry, isGone));
    if (typeof answer === "number") return answer;
    throw new Refusal("message_not_found", "there is no such message", { path: "/seq" });
  };

  close(): void {
    this.#timers.forEach(clearInterval);
  }

  #await(subject: string, entry: AwaitedEntry, isGone: () => boolean): Promise<StoredAnswer> {
    const { room, author, id, target, shard: number, logSeq, duplicate } = entry;
    const shard = this.#shards[number];
    if (!shard) return Promise.reject(notStored());
    return new Promise((resolve, reject) => {
      const one: Awaited = {
        subject,
        question:
          target === undefined ? { room, userId: author.id, id } : { room, userId: author.id, id, target },
        logSeq,
        bytes: ENTRY_OVERHEAD_BYTES + room.length + id.length + author.id.length,
        deadline: performance.now() + WAIT_DEADLINE_MS,
        isGone,
        resolve,
        reject,
      };
      this.#awaited.set(subject, { shard, one });
      this.#bytes += one.bytes;
      // The log has an earlier entry of a repeated id, which names another subject or none.
      (duplicate ? shard.late : shard.waiting).set(subject, one);
      if (duplicate) setImmediate(() => this.#ask(shard));
    });
  }

  #receive(message: Msg): void {
    const { seq, code } = message.json<{ seq?: unknown; code?: unknown }>();
    const answer = code === "message_not_found" ? code : typeof seq === "number" ? seq : undefined;
    if (answer === undefined) return;
    const one = this.#forget(message.subject);
    if (one) one.resolve(answer);
    else this.#early.set(message.subject, answer);
    if (this.#early.size > EARLY_MAX) this.#early.delete(this.#early.keys().next().value as string);
  }

  #follow({ shard, cursor }: Progress): void {
    const known = this.#shards[shard];
    if (known && Number.isSafeInteger(cursor)) known.cursor = cursor;
  }

  #forget(subject: string): Awaited | undefined {
    const { shard, one } = this.#awaited.get(subject) ?? {};
    if (!shard || !one) return undefined;
    this.#awaited.delete(subject);
    this.#bytes -= one.bytes;
    shard.waiting.delete(subject);
    shard.late.delete(subject);
    return one;
  }

  /** Receipts are late if the writer had passed their entries at the check before. */
  #check(): void {
    for (const shard of this.#shards) {
      const { waiting, late, checkedCursor = -1 } = shard;
      for (const [subject, one] of waiting) {
        if (one.logSeq > checkedCursor) break;
        waiting.delete(subject);
        late.set(subject, one);
      }
      shard.checkedCursor = shard.cursor;
      this.#ask(shard);
    }
  }

  /** Asks a consumer for late receipts of a shard, unless a request is under way. */
  #ask(shard: Shard): void {
    if (shard.isAsking || shard.late.size === 0 || performance.now() < shard.askAt) return;
    const asked: Awaited[] = [];
    for (const one of shard.late.values()) {
      if (one.logSeq <= (shard.cursor ?? -1)) asked.push(one);
      if (asked.length === STORED_QUESTIONS_MAX) break;
    }
    if (asked.length === 0) return;
    shard.isAsking = true;
    this.#request(asked)
      .then((isComplete) => {
        shard.askAt = performance.now() + (isComplete ? 0 : ASK_MS);
      })
      .catch((error) => this.#onFault(error, "receipts"))
      .finally(() => {
        shard.isAsking = false;
        this.#ask(shard);
      });
  }

  /** Returns whether all were answered with a seq, or that they never will be. */
  async #request(asked: readonly Awaited[]): Promise<boolean> {
    const request = { entries: asked.map(({ question }) => question) };
    const reply = await requestConsumer(this.#nats, STORED_SUBJECT, request, ASK_MS).catch(() => undefined);
    const answers = reply?.json<(StoredAnswer | null)[]>() ?? [];
    let isComplete = true;
    for (const [i, one] of asked.entries()) {
      const answer = answers[i] ?? undefined;
      if (answer !== undefined) this.#forget(one.subject)?.resolve(answer);
      else isComplete = false;
      // Behind the others, so that one that is never stored does not keep them waiting.
      const { shard } = this.#awaited.get(one.subject) ?? {};
      if (shard?.late.delete(one.subject)) shard.late.set(one.subject, one);
    }
    return isComplete;
  }

  #sweep(): void {
    const now = performance.now();
    for (const [subject, { one }] of this.#awaited)
      if (one.deadline < now || one.isGone()) this.#forget(subject)?.reject(notStored());
  }
}

const notStored = () =>
  new Refusal("unavailable", "the log has the message on disk, but Postgres did not store it in time");
