import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { PACK_BYTES_MAX, PACK_ENTRIES_MAX } from "@parley/protocol/pack";
import { crashPoint } from "@parley/runtime/crash-point";
import { LRUCache } from "lru-cache";
import type { LogEntry, Published } from "../../application/publish-message.ts";
import type { LogAnswer } from "./log-answer.ts";
import { assertSendable, publishParcel } from "./log-wire.ts";
import { Parcel } from "./parcel.ts";
import { isAbandoned, join, type Pending, PendingEntries } from "./pending-entries.ts";
import type { PublishCounters } from "./publish-counters.ts";
import type { ReplyInbox } from "./reply-inbox.ts";

/** Acknowledged keys that a lane remembers, with the time of their first acceptance: about 10 MB. */
const ACKNOWLEDGED_MAX = 32_768;
/** Of the random half of a pack's id. */
const PACK_PREFIX_BYTES = 12;
/** How long the log may take to answer before the outcome counts as unknown, ms; doubled each time that it happens. */
const ANSWER_DEADLINE_MS = 2_000;
const ANSWER_DEADLINE_MAX_MS = 8_000;
/** Pause after an answer that asks for patience, ms; doubled while such answers come. */
const PAUSE_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** After so many refusals an entry is given back. */
const REFUSALS_MAX = 5;
/** When a sender may try again after the log was full, ms. */
const FULL_RETRY_MS = 5_000;

export type LaneParts = Readonly<{
  nats: NatsConnection;
  inbox: ReplyInbox;
  counters: PublishCounters;
  /** Hears of each entry that the log has, before its caller does. */
  onPublished?: ((published: Published) => void) | undefined;
  /** The stream is not what it was: a sequence went backwards. The lane has shut itself. */
  onSuspect: (shard: number, reason: string) => void;
}>;

type Flight = Readonly<{ parcel: Parcel; token: number; deadline: NodeJS.Timeout }>;

/**
 * Publishes one shard's entries in the order in which they came, one message of the log at a time: while one is under
 * way the next gathers. Nothing is published while the lane is shut.
 */
export class ShardLane {
  readonly shard: number;
  readonly pending = new PendingEntries();
  readonly #parts: LaneParts;
  /** Start of the packs' ids, which must differ from those of other processes. */
  readonly #packPrefix = randomBytes(PACK_PREFIX_BYTES).toString("base64url");
  readonly #acknowledged = new LRUCache<string, string>({ max: ACKNOWLEDGED_MAX });
  #packs = 0;
  /** Entries that have not been published yet. */
  #waiting: Pending[] = [];
  /** To be published again before anything else. */
  #again: Parcel | undefined;
  #flight: Flight | undefined;
  #isOpen = false;
  #isGathering = false;
  #pause: NodeJS.Timeout | undefined;
  /** Pauses and missed deadlines without a success between them. */
  #pauses = 0;
  #deadlines = 0;
  #highest = 0;

  constructor(shard: number, parts: LaneParts) {
    this.shard = shard;
    this.#parts = parts;
  }

  /** The highest sequence that the log acknowledged. */
  get highest(): number {
    return this.#highest;
  }

  append(entry: LogEntry): Promise<Published> {
    const same = this.pending.get(entry.key);
    if (same !== undefined) return join(same, entry);
    const firstAt = this.#acknowledged.get(entry.key);
    // While the lane is shut, the stream may not be the one that acknowledged the key.
    if (firstAt !== undefined && this.#isOpen) return this.#repeat(firstAt);
    assertSendable(entry);
    const pending = this.pending.add(entry);
    this.#waiting.push(pending);
    this.#gather();
    return pending.outcome.promise;
  }

  /** Starts publishing, or goes on. Sequences after `lastSeq` are new. */
  open(lastSeq: number): void {
    this.#highest = lastSeq;
    this.#isOpen = true;
    this.#pump();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Publishes nothing until it is opened. What was published and not answered will be published again. */
  shut(): void {
    this.#isOpen = false;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#pauses = 0;
    this.#deadlines = 0;
    if (this.#flight !== undefined) this.#putBack(this.#flight.parcel);
  }

  /** The stream is another one: what the one before had says nothing of it. */
  forget(): void {
    this.shut();
    this.#acknowledged.clear();
  }

  /** Gives back everything that has no outcome yet. */
  close(reason: Refusal): void {
    this.shut();
    this.#parts.counters.refused += this.pending.size;
    this.pending.rejectAll(reason);
  }

  /** Drops entries for whom nobody waits any more: a shut lane must not fill up with them. */
  sweep(): void {
    this.#waiting = this.#waiting.filter((pending) => !this.#dropIfAbandoned(pending));
    this.#dropAgainIfAbandoned();
  }

  /** The log has the entry: no need to ask. */
  async #repeat(at: string): Promise<Published> {
    this.#parts.counters.published += 1;
    this.#parts.counters.duplicates += 1;
    return { seq: this.#highest, shard: this.shard, duplicate: true, at };
  }

  #dropIfAbandoned(pending: Pending): boolean {
    const abandoned = isAbandoned(pending);
    if (abandoned)
      this.#giveBack([pending], new Refusal("unavailable", "nobody waits for this message any more"));
    return abandoned;
  }

  /** What was published stays together, so it goes only when nobody waits for any of it. */
  #dropAgainIfAbandoned(): void {
    const entries = this.#again?.entries;
    if (entries === undefined || !entries.every(isAbandoned)) return;
    for (const pending of entries) this.#dropIfAbandoned(pending);
    this.#again = undefined;
  }

  /** Lets what arrives in the same turn of the event loop leave together. */
  #gather(): void {
    if (this.#isGathering || this.#flight !== undefined || !this.#isOpen) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#isOpen || this.#flight !== undefined || this.#pause !== undefined) return;
    this.#dropAgainIfAbandoned();
    const parcel = this.#again ?? this.#take();
    if (parcel === undefined) return;
    if (parcel === this.#again) this.#parts.counters.retries += parcel.entries.length;
    this.#again = undefined;
    this.#launch(parcel);
  }

  /** Takes the next ones that wait, leaving out those for whom nobody waits any more. */
  #take(): Parcel | undefined {
    const taken: Pending[] = [];
    let bytes = 0;
    let seen = 0;
    for (const pending of this.#waiting) {
      if (taken.length === PACK_ENTRIES_MAX || (bytes > 0 && bytes + pending.bytes > PACK_BYTES_MAX)) break;
      seen += 1;
      if (this.#dropIfAbandoned(pending)) continue;
      taken.push(pending);
      bytes += pending.bytes;
    }
    this.#waiting.splice(0, seen);
    if (taken.length === 0) return undefined;
    this.#packs += 1;
    return new Parcel(taken, `${this.#packPrefix}-${this.#packs}`);
  }

  #launch(parcel: Parcel): void {
    const { inbox, nats } = this.#parts;
    const token = inbox.expect((answer) => {
      this.#land();
      this.#settle(parcel, answer);
      this.#gather();
    });
    const ms = Math.min(ANSWER_DEADLINE_MS * 2 ** this.#deadlines, ANSWER_DEADLINE_MAX_MS);
    const deadline = setTimeout(() => {
      this.#deadlines += 1;
      this.#putBack(parcel);
      this.#pump();
    }, ms);
    this.#flight = { parcel, token, deadline };
    publishParcel(nats, this.shard, parcel, inbox.subjectOf(token));
  }

  /** Ends the flight: an answer that still comes is ignored. */
  #land(): void {
    if (this.#flight === undefined) return;
    clearTimeout(this.#flight.deadline);
    this.#parts.inbox.forget(this.#flight.token);
    this.#flight = undefined;
  }

  /** Nobody knows whether the log has it: it will be published again, under the same id. */
  #putBack(parcel: Parcel): void {
    this.#land();
    this.#again = parcel;
  }

  #settle(parcel: Parcel, answer: LogAnswer): void {
    if (answer.kind === "stored") this.#acknowledge(parcel, answer.seq, answer.duplicate);
    else if (answer.kind === "full") this.#giveBack(parcel.entries, logFull(answer.reason));
    else {
      if (answer.kind === "refused") parcel.refusals += 1;
      if (answer.kind === "absent" || parcel.refusals < REFUSALS_MAX) this.#rest(parcel);
      else this.#giveBack(parcel.entries, new Refusal("unavailable", `the log refuses it: ${answer.reason}`));
    }
  }

  #acknowledge(parcel: Parcel, seq: number, duplicate: boolean): void {
    if (!duplicate) {
      if (seq <= this.#highest) {
        this.#suspect(parcel, seq);
        return;
      }
      this.#highest = seq;
    }
    this.#pauses = 0;
    this.#deadlines = 0;
    const { counters } = this.#parts;
    const { entries } = parcel;
    counters.published += entries.length;
    if (entries.length > 1) {
      counters.packs += 1;
      counters.packed += entries.length;
    }
    for (const pending of entries) this.#resolve(pending, seq);
  }

  #resolve(pending: Pending, seq: number): void {
    const { counters, onPublished } = this.#parts;
    const { key, at } = pending.entry;
    const firstAt = this.#acknowledged.get(key);
    if (firstAt === undefined) this.#acknowledged.set(key, at);
    else counters.duplicates += 1;
    crashPoint("producer-before-ack");
    const published = { seq, shard: this.shard, duplicate: firstAt !== undefined, at: firstAt ?? at };
    onPublished?.(published);
    this.pending.resolve(pending, published);
  }

  /** A new entry got a sequence that was used before: the stream was replaced. Callers stay pending. */
  #suspect(parcel: Parcel, seq: number): void {
    this.shut();
    this.#putBack(parcel);
    this.#parts.onSuspect(this.shard, `acknowledged ${seq} after ${this.#highest}`);
  }

  #giveBack(entries: readonly Pending[], reason: Refusal): void {
    this.#parts.counters.refused += entries.length;
    for (const pending of entries) this.pending.reject(pending, reason);
  }

  /** Has it published again after a while. */
  #rest(parcel: Parcel): void {
    this.#again = parcel;
    const ms = Math.min(PAUSE_MS * 2 ** this.#pauses, PAUSE_MAX_MS);
    this.#pauses += 1;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#pump();
    }, ms);
  }
}

const logFull = (reason: string) =>
  new Refusal("overloaded", `the log is full: ${reason}`, { retryAfterMs: FULL_RETRY_MS });
