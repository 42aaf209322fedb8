import { randomBytes } from "node:crypto";
import { Refusal } from "@parley/protocol/codes";
import { crashPoint } from "@parley/runtime/crash-point";
import { logFull, logRefuses, logSilent, logUnwritable } from "./log-refusals.ts";
import type { LogAnswer, LogRequests, Publication } from "./log-requests.ts";
import {
  AcknowledgedKeys,
  isAbandoned,
  join,
  type NewEntry,
  PendingEntries,
  type PendingEntry,
  type Published,
  takePack,
} from "./pending-entries.ts";
import type { PublishCounters } from "./publish-counters.ts";

/** Random bytes in the ids of packs. */
const PACK_PREFIX_BYTES = 12;
/** Deadline of the log's answer, ms; doubled after each timeout until the next success. */
const ANSWER_DEADLINE_MS = 2_000;
const ANSWER_DEADLINE_MAX_MS = 8_000;
/** Timeouts since the last success from which on each rejects the pending entries: no caller waits more than 8 s. */
const TIMEOUTS_MAX = 2;
/** Delay before a refused publication is retried, ms; doubled with each retry until the next success. */
const RETRY_MS = 50;
const RETRY_MAX_MS = 1_000;
/** Refusals after which the entries of a publication are rejected. */
const REFUSALS_MAX = 5;

type LaneDependencies = Readonly<{
  requests: Pick<LogRequests, "publish">;
  counters: PublishCounters;
  /** Called for each acknowledged entry, before its caller's promise resolves. */
  onPublished?: ((published: Published) => void) | undefined;
  /** Called when a sequence went backwards, so the stream was replaced. The lane has closed itself. */
  onSuspect: (shard: number, reason: string) => void;
  /** Called when the log did not answer in time. */
  onTimeout: () => void;
}>;

/**
 * Publishes the entries of one shard in the order of the calls, one publication at a time: while it is outstanding the
 * next entries gather. A closed lane accepts entries and publishes nothing.
 */
export class ShardLane {
  readonly shard: number;
  readonly pending = new PendingEntries();
  readonly #dependencies: LaneDependencies;
  /** Start of the packs' ids: they must differ from those of other processes. */
  readonly #packPrefix = randomBytes(PACK_PREFIX_BYTES).toString("base64url");
  readonly #acknowledged = new AcknowledgedKeys();
  #packs = 0;
  /** Entries that have not been published yet. */
  #queue: PendingEntry[] = [];
  /** To be published again before anything else. */
  #unanswered: Publication | undefined;
  #outstanding: Readonly<{ publication: Publication; cancel: () => void }> | undefined;
  #isOpen = false;
  #isFailed = false;
  #isGathering = false;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Retries, refusals of `#unanswered`, and timeouts since the last success. */
  #retries = 0;
  #refusals = 0;
  #timeouts = 0;
  #highest = 0;

  constructor(shard: number, dependencies: LaneDependencies) {
    this.shard = shard;
    this.#dependencies = dependencies;
  }

  /** The highest sequence that the log acknowledged. */
  get highest(): number {
    return this.#highest;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the log has not answered since a deadline passed. */
  get isLate(): boolean {
    return this.#timeouts > 0;
  }

  /**
   * Resolves once the log has the entry on disk. An attempt without an answer may have been stored, so the same key is
   * published again until the log answers: it is stored once. A rejected entry may have been stored, if it had been
   * published before.
   *
   * @throws {Refusal} `overloaded`, `too_large`, or `unavailable` while the stream cannot be written, at once.
   */
  append(entry: NewEntry): Promise<Published> {
    if (this.#isFailed) throw logUnwritable();
    const same = this.pending.get(entry.key);
    if (same !== undefined) return join(same, entry);
    const firstAt = this.#acknowledged.timeOf(entry.key);
    // While the lane is closed the stream may not be the one that acknowledged the key.
    if (firstAt !== undefined && this.#isOpen) return this.#acknowledgeAgain(firstAt);
    const pending = this.pending.add(entry, firstAt);
    this.#queue.push(pending);
    this.#gather();
    return pending.outcome.promise;
  }

  /** Starts or resumes publishing. `lastSeq` is the stream's last sequence: new entries get higher ones. */
  open(lastSeq: number): void {
    this.#highest = lastSeq;
    this.#isOpen = true;
    this.#isFailed = false;
    this.#pump();
  }

  /** Stops publishing until `open`. An outstanding publication will be published again. */
  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#retries = 0;
    this.#timeouts = 0;
    if (this.#outstanding === undefined) return;
    this.#outstanding.cancel();
    this.#unanswered = this.#outstanding.publication;
    this.#outstanding = undefined;
  }

  /** Closes the lane because the stream was replaced: forgets what the earlier one acknowledged. */
  reset(): void {
    this.close();
    this.#acknowledged.clear();
    this.pending.forgetAcknowledged();
  }

  /** Closes the lane until `open`, because the stream cannot be written: rejects and refuses all entries. */
  fail(): void {
    if (this.#isFailed) return;
    this.rejectAll(logUnwritable());
    this.#isFailed = true;
  }

  /** Closes the lane and rejects all pending entries. */
  rejectAll(reason: Refusal): void {
    this.close();
    this.#rejectPending(reason);
  }

  #rejectPending(reason: Refusal): void {
    this.#dependencies.counters.refused += this.pending.size;
    this.#queue = [];
    this.#unanswered = undefined;
    this.pending.rejectAll(reason);
  }

  /** Drops abandoned entries, with which a closed lane would fill up. */
  sweep(): void {
    this.#queue = this.#queue.filter((pending) => !this.#dropIfAbandoned(pending));
    this.#dropUnansweredIfAbandoned();
  }

  /** Acknowledges a key that the log has, without asking it. */
  async #acknowledgeAgain(at: string): Promise<Published> {
    this.#dependencies.counters.published += 1;
    this.#dependencies.counters.duplicates += 1;
    return { logSeq: this.#highest, shard: this.shard, duplicate: true, at };
  }

  #dropIfAbandoned(pending: PendingEntry): boolean {
    const abandoned = isAbandoned(pending);
    if (abandoned) this.#reject([pending], new Refusal("unavailable", "the client is gone"));
    return abandoned;
  }

  /** A published pack stays together, so it is dropped only when all of its entries are abandoned. */
  #dropUnansweredIfAbandoned(): void {
    const entries = this.#unanswered?.entries;
    if (entries === undefined || !entries.every(isAbandoned)) return;
    for (const pending of entries) this.#dropIfAbandoned(pending);
    this.#unanswered = undefined;
  }

  /** Lets the entries of one turn of the event loop leave together. */
  #gather(): void {
    if (this.#isGathering || this.#outstanding !== undefined || !this.#isOpen) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#isOpen || this.#outstanding !== undefined || this.#retryTimer !== undefined) return;
    this.#dropUnansweredIfAbandoned();
    if (this.#unanswered === undefined) this.#publishNext();
    else {
      const again = this.#unanswered;
      this.#unanswered = undefined;
      this.#dependencies.counters.retries += again.entries.length;
      this.#publish(again);
    }
  }

  #publishNext(): void {
    const entries = takePack(this.#queue, (pending) => this.#dropIfAbandoned(pending));
    if (entries.length === 0) return;
    this.#packs += 1;
    this.#refusals = 0;
    this.#publish({ entries, packId: `${this.#packPrefix}-${this.#packs}` });
  }

  #publish(publication: Publication): void {
    const began = performance.now();
    const deadlineMs = Math.min(ANSWER_DEADLINE_MS * 2 ** this.#timeouts, ANSWER_DEADLINE_MAX_MS);
    const cancel = this.#dependencies.requests.publish(this.shard, publication, deadlineMs, (answer) => {
      this.#outstanding = undefined;
      // Once for all of a pack: reading the clock costs more than all else that is counted.
      const now = performance.now();
      this.#dependencies.counters.publishSeconds.observe((now - began) / 1_000);
      this.#handleAnswer(publication, answer, now);
      this.#gather();
    });
    this.#outstanding = { publication, cancel };
  }

  #handleAnswer(publication: Publication, answer: LogAnswer, now: number): void {
    if (answer.kind === "stored") this.#acknowledge(publication, answer, now);
    else if (answer.kind === "full") this.#reject(publication.entries, logFull(answer.reason));
    else if (answer.kind === "timeout") {
      this.#timeouts += 1;
      this.#unanswered = publication;
      if (this.#timeouts >= TIMEOUTS_MAX) this.#rejectPending(logSilent());
      this.#dependencies.onTimeout();
    } else {
      if (answer.kind === "refused") this.#refusals += 1;
      if (answer.kind === "absent" || this.#refusals < REFUSALS_MAX) this.#retryLater(publication);
      else this.#reject(publication.entries, logRefuses(answer.reason));
    }
  }

  #acknowledge(
    publication: Publication,
    { seq, duplicate }: Extract<LogAnswer, { kind: "stored" }>,
    now: number,
  ): void {
    if (!duplicate) {
      if (seq <= this.#highest) {
        this.#suspect(publication, seq);
        return;
      }
      this.#highest = seq;
    }
    this.#retries = 0;
    this.#timeouts = 0;
    const { counters } = this.#dependencies;
    counters.published += publication.entries.length;
    counters.packEntries.observe(publication.entries.length);
    for (const pending of publication.entries) {
      const { since } = pending.entry;
      if (since !== undefined) counters.ackSeconds.observe((now - since) / 1_000);
      this.#resolve(pending, seq);
    }
  }

  #resolve(pending: PendingEntry, seq: number): void {
    const { counters, onPublished } = this.#dependencies;
    const { firstAt } = pending;
    const { key, at } = pending.entry;
    if (firstAt === undefined) this.#acknowledged.add(key, at);
    else counters.duplicates += 1;
    crashPoint("producer-before-ack");
    const published = { logSeq: seq, shard: this.shard, duplicate: firstAt !== undefined, at: firstAt ?? at };
    onPublished?.(published);
    this.pending.resolve(pending, published);
  }

  /** A new entry got a sequence already used: the stream was replaced. Closes the lane and leaves callers pending. */
  #suspect(publication: Publication, seq: number): void {
    this.close();
    this.#unanswered = publication;
    this.#dependencies.onSuspect(this.shard, `acknowledged ${seq} after ${this.#highest}`);
  }

  #reject(entries: readonly PendingEntry[], reason: Refusal): void {
    this.#dependencies.counters.refused += entries.length;
    for (const pending of entries) this.pending.reject(pending, reason);
  }

  #retryLater(publication: Publication): void {
    this.#unanswered = publication;
    const ms = Math.min(RETRY_MS * 2 ** this.#retries, RETRY_MAX_MS);
    this.#retries += 1;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#pump();
    }, ms);
  }
}
