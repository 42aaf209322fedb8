import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { RECEIPT_PREFIX, STORED_SUBJECT } from "@parley/protocol/subjects";
import type { Posted } from "../../application/post-message.ts";
import { ask } from "./ask.ts";

/** After so long without a receipt, Postgres is asked through a consumer, ms; and again after each such pause. */
const ASK_AFTER_MS = 1_000;
/** How long a receipt is waited for at all, ms. */
const WAIT_DEADLINE_MS = 10 * 60_000;
/** Receipts that are waited for at once; more are refused. */
const WAITING_MAX = 50_000;
/** Receipts that are kept though nobody waits for them yet; the oldest is dropped for a new one. */
const EARLY_MAX = 1_000;

type Waiting = { done: (seq: number) => void };

/**
 * Receipts of the writers, on subjects `receipt.<instance>.<n>`. A receipt is core NATS and can be lost, so it is
 * asked for when it does not come; an answer comes from Postgres either way.
 */
export class StoredReceipts {
  readonly #nats: NatsConnection;
  readonly #prefix = `${RECEIPT_PREFIX}${randomUUID()}`;
  readonly #waiting = new Map<string, Waiting>();
  /** Receipts that came before the log's answer, as they do when Postgres is quick. */
  readonly #early = new Map<string, number>();
  #next = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    nats.subscribe(`${this.#prefix}.*`, {
      callback: (error, message) => {
        const seq = error ? undefined : seqIn(message.string());
        if (seq !== undefined) this.#take(message.subject, seq);
      },
    });
  }

  #take(subject: string, seq: number): void {
    const waiting = this.#waiting.get(subject);
    if (waiting) {
      waiting.done(seq);
      return;
    }
    this.#early.set(subject, seq);
    if (this.#early.size > EARLY_MAX) this.#early.delete(this.#early.keys().next().value as string);
  }

  /** A subject for one message's receipt. @throws {Refusal} `overloaded` if too many are waited for. */
  open = (): string => {
    if (this.#waiting.size >= WAITING_MAX) {
      throw new Refusal("overloaded", "too many receipts are waited for", { retryAfterMs: ASK_AFTER_MS });
    }
    this.#next += 1;
    return `${this.#prefix}.${this.#next}`;
  };

  /**
   * Resolves with the seq under which Postgres has the message.
   *
   * @throws {Refusal} `unavailable` if it was not stored in time, or nobody waits any more.
   */
  wait = async (
    receiptTo: string,
    { message, duplicate }: Posted,
    isGone: () => boolean,
  ): Promise<number> => {
    const early = this.#early.get(receiptTo);
    this.#early.delete(receiptTo);
    if (early !== undefined) return early;
    const received = new Promise<number>((done) => this.#waiting.set(receiptTo, { done }));
    const until = performance.now() + WAIT_DEADLINE_MS;
    try {
      let pause = duplicate ? 0 : ASK_AFTER_MS;
      while (!isGone() && performance.now() < until) {
        const seq = await Promise.race([received, sleep(pause)]);
        if (seq !== undefined) return seq;
        const answer = await this.#ask(message.room, message.author.id, message.id);
        if (answer !== null) return answer;
        pause = ASK_AFTER_MS;
      }
    } finally {
      this.#waiting.delete(receiptTo);
    }
    throw new Refusal("unavailable", "the message is safe in the log, but Postgres did not take it in time");
  };

  async #ask(room: string, userId: string, id: string): Promise<number | null> {
    try {
      const answer = await ask(this.#nats, STORED_SUBJECT, { room, userId, id }, ASK_AFTER_MS);
      return seqIn(answer.string()) ?? null;
    } catch {
      // Nobody answers while consumers or NATS are away: the caller asks again.
      return null;
    }
  }
}

const sleep = (ms: number) => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms));

/** The seq that a receipt or an answer names. Never throws: that would end the reading of the whole connection. */
function seqIn(text: string): number | undefined {
  try {
    const { seq } = JSON.parse(text) as { seq?: unknown };
    return typeof seq === "number" ? seq : undefined;
  } catch {
    return undefined;
  }
}
