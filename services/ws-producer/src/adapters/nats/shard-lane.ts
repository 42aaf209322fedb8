import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import type { LogEntry, Published } from "../../application/publish-message.ts";
import type { BatchTurns } from "./batch-turns.ts";
import { Flight } from "./flight.ts";
import type { LogAnswer } from "./log-answer.ts";
import { assertSendable, commandOf, sendCommands } from "./log-wire.ts";
import { isAbandoned, join, type Pending, PendingEntries } from "./pending-entries.ts";
import type { PublishCounters } from "./publish-counters.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { ReplyInbox } from "./reply-inbox.ts";

/** Up to so many go out side by side; a batch has a fixed cost, and is cheaper only for more (docs/decisions/0002). */
export const SINGLES_MAX = 16;
/** Entries in one atomic batch; the server's limit is 1,000. */
export const BATCH_ENTRIES_MAX = 500;
/** Of the random half of a batch's id. */
const BATCH_PREFIX_BYTES = 9;
/** Bytes of their payloads. */
const BATCH_BYTES_MAX = 1024 * 1024;
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
  /** Shared by all lanes. */
  turns: BatchTurns;
  counters: PublishCounters;
  /** The stream is not what it was: a sequence went backwards. The lane has shut itself. */
  onSuspect: (shard: number, reason: string) => void;
}>;

/**
 * Publishes one shard's entries in the order in which they came, one commit at a time: while one is under way the
 * next gathers. Nothing is published while the lane is shut.
 */
export class ShardLane {
  readonly shard: number;
  readonly pending = new PendingEntries();
  readonly #parts: LaneParts;
  /** Start of the batch ids, which must differ from those of other processes; each entry carries it. */
  readonly #batchPrefix = randomBytes(BATCH_PREFIX_BYTES).toString("base64url");
  #batches = 0;
  /** Entries that have not been published yet. */
  #waiting: Pending[] = [];
  /** Entries to be published again, one by one, before anything else. */
  #again: Pending[] = [];
  readonly #recent = new RecentKeys();
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
    if (this.#flight !== undefined) this.#land(this.#flight, "unknown");
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
    this.#again = this.#again.filter((pending) => !this.#dropIfAbandoned(pending));
  }

  #dropIfAbandoned(pending: Pending): boolean {
    const abandoned = isAbandoned(pending);
    if (abandoned)
      this.#giveBack(pending, new Refusal("unavailable", "nobody waits for this message any more"));
    return abandoned;
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
    const again = this.#take(this.#again, SINGLES_MAX);
    if (again.length === 0 && !this.#mayLaunch()) return;
    const entries = again.length > 0 ? again : this.#take(this.#waiting, BATCH_ENTRIES_MAX);
    this.#parts.counters.retries += again.length;
    if (entries.length === 0) {
      this.#parts.turns.release(this);
      return;
    }
    const deadline = Math.min(ANSWER_DEADLINE_MS * 2 ** this.#deadlines, ANSWER_DEADLINE_MAX_MS);
    const flight = new Flight(entries, this.#parts.inbox, deadline, () => {
      this.#deadlines += 1;
      this.#land(flight, "unknown");
      this.#pump();
    });
    this.#flight = flight;
    this.#launch(flight);
  }

  /** As many as make a batch wait until no other lane has one under way. */
  #mayLaunch(): boolean {
    return this.#waiting.length <= SINGLES_MAX || this.#parts.turns.take(this, () => this.#pump());
  }

  /** A few go out singly; more as a batch, with those beside it for which the log would refuse the batch. */
  #launch(flight: Flight): void {
    const { entries } = flight;
    const fresh = entries.filter(({ entry }) => !this.#recent.has(entry.key));
    if (fresh.length <= SINGLES_MAX) this.#publishSingly(flight, entries);
    else {
      const known = entries.filter(({ entry }) => this.#recent.has(entry.key));
      if (known.length > 0) this.#publishSingly(flight, known);
      this.#publishBatch(flight, fresh);
    }
  }

  /** Takes the next ones from a queue, leaving out those for whom nobody waits any more. */
  #take(queue: Pending[], max: number): Pending[] {
    const taken: Pending[] = [];
    let bytes = 0;
    let seen = 0;
    for (const pending of queue) {
      if (taken.length === max || bytes + pending.bytes > BATCH_BYTES_MAX) break;
      seen += 1;
      if (this.#dropIfAbandoned(pending)) continue;
      taken.push(pending);
      bytes += pending.bytes;
    }
    queue.splice(0, seen);
    return taken;
  }

  /** Takes an answer of a flight, and ends the flight with the last one. */
  #answered(flight: Flight, last: boolean, settle: () => void): void {
    if (this.#flight !== flight) return;
    settle();
    if (!last || this.#flight !== flight) return;
    this.#land(flight, "answered");
    this.#gather();
  }

  #publishSingly(flight: Flight, entries: readonly Pending[]): void {
    let commands = "";
    for (const pending of entries) {
      const reply = flight.expect((answer, last) =>
        this.#answered(flight, last, () => this.#settle(pending, answer)),
      );
      commands += commandOf(this.shard, pending, reply);
    }
    sendCommands(this.#parts.nats, commands);
  }

  #publishBatch(flight: Flight, entries: readonly Pending[]): void {
    this.#batches += 1;
    const batch = `${this.#batchPrefix}-${this.#batches}`;
    const count = entries.length;
    const reply = flight.expect((answer, last) =>
      this.#answered(flight, last, () => this.#settleBatch(entries, batch, answer)),
    );
    // Only the commit asks for an answer. It is refused if anything before it was (seen with 2.15.1 for a missing
    // entry, a duplicate, too many batches, a stream without batches), so the first one's answer would say nothing more.
    let commands = "";
    entries.forEach((pending, i) => {
      const last = i === count - 1;
      const place = { batch, place: i + 1, last };
      commands += commandOf(this.shard, pending, last ? reply : undefined, place);
    });
    sendCommands(this.#parts.nats, commands);
  }

  /** Ends a flight; what has no outcome goes to the front, to be published one by one. */
  #land(flight: Flight, how: "answered" | "unknown"): void {
    flight.end();
    this.#flight = undefined;
    this.#parts.turns.release(this);
    const left = flight.entries.filter((pending) => this.pending.has(pending));
    if (left.length === 0) return;
    if (how === "unknown") for (const pending of left) pending.unsure = true;
    this.#again = left.concat(this.#again);
  }

  #settle(pending: Pending, answer: LogAnswer): void {
    if (answer.kind === "stored") this.#acknowledge(pending, answer.seq, answer.duplicate);
    else if (answer.kind === "full") this.#giveBack(pending, logFull(answer.reason));
    else if (answer.kind === "absent") this.#rest();
    else {
      pending.refusals += 1;
      if (pending.refusals < REFUSALS_MAX) this.#rest();
      else
        this.#giveBack(pending, new Refusal("unavailable", `the log refuses the message: ${answer.reason}`));
    }
  }

  #settleBatch(entries: readonly Pending[], batch: string, answer: LogAnswer): void {
    if (answer.kind === "full") {
      for (const pending of entries) this.#giveBack(pending, logFull(answer.reason));
    } else if (answer.kind === "stored" && answer.batch === batch && answer.count === entries.length) {
      const first = answer.seq - entries.length + 1;
      if (first <= this.#highest) {
        this.#suspect(answer.seq);
        return;
      }
      entries.forEach((pending, i) => {
        this.#acknowledge(pending, first + i, false);
      });
      this.#parts.counters.batches += 1;
      this.#parts.counters.batched += entries.length;
    } else if (answer.kind === "stored") {
      // The server did not take it as a batch: what it stored is unknown.
      for (const pending of entries) pending.unsure = true;
    } else if (answer.kind === "absent" || !answer.batchDuplicate) this.#rest();
  }

  #acknowledge(pending: Pending, seq: number, duplicate: boolean): void {
    if (!duplicate) {
      if (seq <= this.#highest) {
        this.#suspect(seq);
        return;
      }
      this.#highest = seq;
    }
    this.#pauses = 0;
    this.#deadlines = 0;
    // After an attempt without an answer, the duplicate that the log saw is most likely our own.
    const wasThere = duplicate && !pending.unsure;
    this.#parts.counters.published += 1;
    if (wasThere) this.#parts.counters.duplicates += 1;
    this.#recent.add(pending.entry.key);
    this.pending.resolve(pending, { seq, shard: this.shard, duplicate: wasThere });
  }

  /** An entry that is new to the log has an old number: another stream answers. Nobody is told of it. */
  #suspect(seq: number): void {
    this.shut();
    this.#parts.onSuspect(this.shard, `acknowledged ${seq} after ${this.#highest}`);
  }

  #giveBack(pending: Pending, reason: Refusal): void {
    this.#parts.counters.refused += 1;
    this.pending.reject(pending, reason);
  }

  #rest(): void {
    if (this.#pause !== undefined) return;
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
