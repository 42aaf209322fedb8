import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { RECEIPT_PREFIX, STORED_SUBJECT } from "@parley/protocol/subjects";
import { sleep } from "@parley/runtime/deadline";
import type { AwaitedEntry } from "../../application/awaited-entry.ts";
import { requestConsumer } from "./request-consumer.ts";

/** Time without a receipt after which a consumer is asked, and between two such requests, ms. */
const ASK_AFTER_MS = 1_000;
/** Longest wait for a receipt, ms. */
const WAIT_DEADLINE_MS = 10 * 60_000;
/** Most receipts that may be awaited at once. */
const AWAITED_MAX = 50_000;
/** Most receipts that are kept before `wait` is called; the oldest is dropped for a new one. */
const EARLY_MAX = 1_000;

/** The seq of a stored entry, or that a reaction is about no visible message. */
type Outcome = number | "message_not_found";

/**
 * Receipts of the writers, on subjects `receipt.<instance>.<n>`. A receipt is core NATS and can be lost, so a consumer is
 * asked if it does not arrive; both answers come from Postgres.
 */
export class StoredReceipts {
  readonly #nats: NatsConnection;
  readonly #prefix = `${RECEIPT_PREFIX}${randomUUID()}`;
  readonly #awaited = new Map<string, (outcome: Outcome) => void>();
  /** Receipts that arrived before the log's acknowledgement, as they do when Postgres is quick. */
  readonly #early = new Map<string, Outcome>();
  #next = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    nats.subscribe(`${this.#prefix}.*`, {
      callback: (error, message) => {
        const outcome = error ? undefined : parseOutcome(message.string());
        if (outcome !== undefined) this.#take(message.subject, outcome);
      },
    });
  }

  #take(subject: string, outcome: Outcome): void {
    const resolve = this.#awaited.get(subject);
    if (resolve !== undefined) {
      resolve(outcome);
      return;
    }
    this.#early.set(subject, outcome);
    if (this.#early.size > EARLY_MAX) this.#early.delete(this.#early.keys().next().value as string);
  }

  /** Returns a subject for one entry's receipt. @throws {Refusal} `overloaded` if too many are awaited. */
  open = (): string => {
    if (this.#awaited.size >= AWAITED_MAX)
      throw new Refusal("overloaded", "too many receipts are awaited", { retryAfterMs: ASK_AFTER_MS });
    this.#next += 1;
    return `${this.#prefix}.${this.#next}`;
  };

  /**
   * Resolves with the seq of the entry in Postgres.
   *
   * @throws {Refusal} `message_not_found` for a reaction to what is no visible message; `unavailable` after the deadline,
   * or once `isGone` returns true.
   */
  wait = async (receiptTo: string, entry: AwaitedEntry, isGone: () => boolean): Promise<number> => {
    const outcome = await this.#outcome(receiptTo, entry, isGone);
    if (outcome === "message_not_found")
      throw new Refusal("message_not_found", "there is no such message", { path: "/seq" });
    return outcome;
  };

  async #outcome(receiptTo: string, entry: AwaitedEntry, isGone: () => boolean): Promise<Outcome> {
    const early = this.#early.get(receiptTo);
    this.#early.delete(receiptTo);
    if (early !== undefined) return early;
    const received = new Promise<Outcome>((resolve) => this.#awaited.set(receiptTo, resolve));
    const deadline = performance.now() + WAIT_DEADLINE_MS;
    try {
      let waitMs = entry.duplicate ? 0 : ASK_AFTER_MS;
      while (!isGone() && performance.now() < deadline) {
        const outcome = (await Promise.race([received, sleep(waitMs)])) ?? (await this.#ask(entry));
        if (outcome !== undefined) return outcome;
        waitMs = ASK_AFTER_MS;
      }
    } finally {
      this.#awaited.delete(receiptTo);
    }
    throw new Refusal(
      "unavailable",
      "the log has the message on disk, but Postgres did not store it in time",
    );
  }

  /** Asks a consumer; undefined if Postgres does not have the entry, or nobody answers. */
  async #ask({ room, author, id, target }: AwaitedEntry): Promise<Outcome | undefined> {
    const request = { room, userId: author.id, id, target };
    const answer = await requestConsumer(this.#nats, STORED_SUBJECT, request, ASK_AFTER_MS).catch(
      () => undefined,
    );
    return answer && parseOutcome(answer.string());
  }
}

/** Parses a receipt or an answer. Never throws: that would stop all subscriptions of the connection. */
function parseOutcome(text: string): Outcome | undefined {
  try {
    const { seq, code } = JSON.parse(text) as { seq?: unknown; code?: unknown };
    if (code === "message_not_found") return code;
    return typeof seq === "number" ? seq : undefined;
  } catch {
    return undefined;
  }
}
