import type { UserEvent } from "@parley/protocol/me";
import type { Histogram } from "@parley/runtime/histogram";
import type { LogEntry, LogItem, Original, PoisonEntry, ShardPosition } from "./shard-log.ts";
import { BadEntryError, type Batch, type ShardStore, type Written } from "./shard-store.ts";

/**
 * Announces what Postgres has stored; called only after the commit (docs/decisions/0007). Delivery is not certain: hubs
 * read what they miss from Postgres. No call throws or waits.
 */
export interface StoredPublisher {
  /** Publishes new entries of one room, with the seqs `first`, `first + 1`, … */
  deliver(room: string, first: number, entries: readonly LogEntry[]): void;
  /** Answers the sender that waits for the seq of this entry. */
  receipt(subject: string, room: string, id: string, seq: number): void;
  /** Answers the sender of a reaction: there is no visible message that it is about. */
  targetMissing(subject: string, room: string, id: string): void;
  /** Publishes events of users. */
  userEvents(events: readonly UserEvent[]): void;
  /** Publishes how far a shard is stored, as a log sequence. */
  progress(shard: number, cursor: number): void;
}

/** What this process has written since it started. */
export type WriterCounters = {
  stored: number;
  duplicates: number;
  deadLetters: number;
  /** Those of them that Postgres refused; the others are no valid entries. */
  deadLettersRefused: number;
  batches: number;
  /** Entries of each batch of a shard, and how long Postgres took for it, s. */
  batchEntries: Histogram;
  commitSeconds: Histogram;
  /** From when the log took an entry until it was written to the sockets here, s, by the clocks of both machines. */
  deliverSeconds: Histogram;
  /** Interruptions after which a shard was read again from its cursor. */
  restarts: number;
  fenced: number;
};

/** Writes a line to the service's log. `details` must not contain message text. */
export type Report = (
  level: "info" | "warn" | "error",
  text: string,
  details: Readonly<Record<string, unknown>>,
) => void;

type BatchDependencies = Readonly<{
  store: ShardStore;
  publisher: StoredPublisher;
  report: Report;
  counters: WriterCounters;
}>;
const NS_PER_S = 1e9;
/** How the reason of an entry begins that Postgres refused. */
const REFUSED = "Postgres: ";
/** Longest reason of a dead letter in the log, characters. */
const REASON_LENGTH_MAX = 300;

/** An entry that repeats another of the same batch, and the index of that one. */
type Repeat = Readonly<{ entry: LogEntry; of: number }>;

/**
 * Stores items that follow the position, announces them, and returns the new position. If Postgres refuses the batch, it
 * is halved until the refused entry is alone: that one becomes a dead letter, in the statement that moves the cursor past
 * it, after everything before it was stored.
 *
 * @throws {import("./shard-store.ts").FencedError} if another instance writes the shard.
 */
export async function storeBatch(
  items: readonly LogItem[],
  position: ShardPosition,
  deps: BatchDependencies,
): Promise<ShardPosition> {
  const { batch, repeats } = gather(items, position);
  const began = performance.now();
  let written: Written;
  try {
    written = await deps.store.write(position, batch);
  } catch (error) {
    if (!(error instanceof BadEntryError)) throw error;
    const [first] = items;
    if (items.length === 1 && first) return await storeBatch([poisonOf(first, error)], position, deps);
    const middle = Math.ceil(items.length / 2);
    const between = await storeBatch(items.slice(0, middle), position, deps);
    return await storeBatch(items.slice(middle), between, deps);
  }
  count(deps.counters, batch, repeats, written, performance.now() - began);
  for (const poison of batch.poison) reportDeadLetter(position.shard, poison, deps.report);
  announce(deps.publisher, batch, repeats, written);
  observeDelivery(deps.counters.deliverSeconds, batch, written);
  return { ...position, cursor: batch.cursor, cursorTime: batch.cursorTime };
}

const NO_ORIGINAL: Original = { subject: "", headers: {}, payload: new Uint8Array() };

/**
 * The dead letter of an item that was refused; of a dead letter, the same without its original.
 *
 * @throws {BadEntryError} if that is refused as well.
 */
function poisonOf(item: LogItem, error: BadEntryError): PoisonEntry {
  const { logSeq, logTime, isLast, bytes, original } = item;
  if (!("reason" in item)) {
    const poison = { logSeq, logTime, isLast, bytes, original, reason: `${REFUSED}${error.message}` };
    return error.refusal ? { ...poison, refusal: error.refusal } : poison;
  }
  if (item.isBare) throw error;
  return {
    ...item,
    reason: item.reason.slice(0, REASON_LENGTH_MAX),
    original: () => NO_ORIGINAL,
    isBare: true,
  };
}

/** Logs a dead letter. What Postgres says of it may quote its text, which belongs in no log. */
function reportDeadLetter(
  shard: number,
  { logSeq, reason, refusal, isBare }: PoisonEntry,
  report: Report,
): void {
  const why = refusal
    ? { reason: "Postgres refused it", ...refusal }
    : { reason: reason.slice(0, REASON_LENGTH_MAX) };
  report("error", "a log entry became a dead letter", {
    shard,
    logSeq,
    ...why,
    ...(isBare ? { isBare } : {}),
  });
}

type Gathered = Readonly<{ batch: Batch; repeats: Repeat[] }>;

/** Separates entries, poison and repeats. Postgres would refuse the repeats, since no two entries may have one key. */
function gather(items: readonly LogItem[], { cursor, cursorTime }: ShardPosition): Gathered {
  const entries: LogEntry[] = [];
  const poison: PoisonEntry[] = [];
  const repeats: Repeat[] = [];
  // Most ids occur once in a batch: whole keys are built only for those that do not.
  const byId = new Map<string, number>();
  const byKey = new Map<string, number>();
  for (const item of items) {
    if ("reason" in item) {
      poison.push(item);
      continue;
    }
    const first = byId.get(item.id);
    if (first === undefined) {
      byId.set(item.id, entries.push(item) - 1);
      continue;
    }
    const key = keyOf(item);
    const of = keyOf(entries[first] as LogEntry) === key ? first : byKey.get(key);
    if (of !== undefined) repeats.push({ entry: item, of });
    else byKey.set(key, entries.push(item) - 1);
  }
  // The cursor stays before a log message that is stored in part: when read again, that part is recognised by its keys.
  const end = items.findLast(({ isLast }) => isLast);
  const moved = end ? { cursor: end.logSeq, cursorTime: end.logTime } : { cursor, cursorTime };
  return { batch: { entries, poison, ...moved }, repeats };
}

/** Two entries with the same key are the same entry. */
function keyOf({ content: { room, author, id, type } }: LogEntry): string {
  return `${room}\0${author.id}\0${id}\0${type}`;
}

function count(
  counters: WriterCounters,
  batch: Batch,
  repeats: readonly Repeat[],
  written: Written,
  ms: number,
) {
  counters.batches += 1;
  counters.batchEntries.observe(batch.entries.length);
  counters.commitSeconds.observe(ms / 1_000);
  counters.stored += batch.entries.length - written.known.size - (written.targets?.missing.size ?? 0);
  counters.duplicates += repeats.length + written.known.size;
  counters.deadLetters += batch.poison.length;
  for (const { reason } of batch.poison) if (reason.startsWith(REFUSED)) counters.deadLettersRefused += 1;
}

/** Entries of one pack have one time. */
function observeDelivery(seconds: Histogram, { entries }: Batch, { known }: Written): void {
  const now = Date.now() / 1_000;
  let logTime = "";
  let age = 0;
  entries.forEach((entry, index) => {
    if (known.has(index)) return;
    if (entry.logTime !== logTime) {
      logTime = entry.logTime;
      age = Math.max(0, now - Number(logTime) / NS_PER_S);
    }
    seconds.observe(age);
  });
}

function announce(
  publisher: StoredPublisher,
  batch: Batch,
  repeats: readonly Repeat[],
  { seqs, known, targets, noted }: Written,
): void {
  const answer = ({ receipt, room, id }: LogEntry, index: number) => {
    if (receipt === undefined) return;
    if (targets?.missing.has(batch.entries[index] as LogEntry)) publisher.targetMissing(receipt, room, id);
    else publisher.receipt(receipt, room, id, seqs[index] ?? 0);
  };
  const rooms = new Map<string, { first: number; entries: LogEntry[] }>();
  batch.entries.forEach((entry, index) => {
    answer(entry, index);
    if (known.has(index) || targets?.missing.has(entry)) return;
    const stored = targets?.changed.get(entry) ?? entry;
    const room = rooms.get(entry.room);
    if (room) room.entries.push(stored);
    else rooms.set(entry.room, { first: seqs[index] ?? 0, entries: [stored] });
  });
  for (const [room, { first, entries }] of rooms) publisher.deliver(room, first, entries);
  for (const { entry, of } of repeats) answer(entry, of);
  if (noted) publisher.userEvents(noted);
}
