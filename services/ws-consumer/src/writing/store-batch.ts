import type { LogEntry, LogItem, PoisonEntry, ShardPosition } from "./shard-log.ts";
import { BadEntryError, type Batch, type ShardStore, type Written } from "./shard-store.ts";
import type { StoredFeed } from "./stored-feed.ts";

/** What this process has written since it started. */
export type WriterCounters = {
  stored: number;
  duplicates: number;
  deadLetters: number;
  batches: number;
  /** Time spent waiting for Postgres, ms. */
  writeMs: number;
  /** Interruptions after which a shard was read again from its cursor. */
  restarts: number;
  fenced: number;
};

type Parts = Readonly<{ store: ShardStore; feed: StoredFeed; counters: WriterCounters }>;
/** An entry that came again in the same batch, and the index of the one that it repeats. */
type Repeat = Readonly<{ entry: LogEntry; of: number }>;

/**
 * Stores items that follow on the position, and then tells the world; gives the new position. If Postgres refuses
 * the batch, halves of it are tried, down to the single entry that is to blame: it is put aside in the statement
 * that moves the cursor past it, and everything before it has been stored by then.
 *
 * @throws {import("./shard-store.ts").FencedError} if somebody else writes the shard.
 */
export async function storeBatch(
  items: readonly LogItem[],
  position: ShardPosition,
  parts: Parts,
): Promise<ShardPosition> {
  const { batch, repeats } = gather(items, position);
  const began = performance.now();
  let written: Written;
  try {
    written = await parts.store.write(position, batch);
  } catch (error) {
    if (!(error instanceof BadEntryError)) throw error;
    const [first] = items;
    if (items.length === 1 && first) return await storeBatch([poisoned(first, error)], position, parts);
    const middle = Math.ceil(items.length / 2);
    const between = await storeBatch(items.slice(0, middle), position, parts);
    return await storeBatch(items.slice(middle), between, parts);
  }
  count(parts.counters, batch, repeats, written, performance.now() - began);
  announce(parts.feed, batch, repeats, written);
  return { ...position, cursor: batch.cursor, cursorTime: batch.cursorTime };
}

function poisoned(item: LogItem, error: Error): PoisonEntry {
  const { logSeq, logTime, isLast, bytes, original } = item;
  return { logSeq, logTime, isLast, bytes, original, reason: `Postgres: ${error.message}` };
}

type Gathered = Readonly<{ batch: Batch; repeats: Repeat[] }>;

function gather(items: readonly LogItem[], { cursor, cursorTime }: ShardPosition): Gathered {
  const entries: LogEntry[] = [];
  const poison: PoisonEntry[] = [];
  const repeats: Repeat[] = [];
  // Most ids are one entry's alone: only for those that are not the whole key is made.
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
  // Where only a part of a message is stored the cursor stays before it: read again, the part is known.
  const end = items.findLast(({ isLast }) => isLast);
  const moved = end ? { cursor: end.logSeq, cursorTime: end.logTime } : { cursor, cursorTime };
  return { batch: { entries, poison, ...moved }, repeats };
}

/** Entries that have all four in common are the same entry. */
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
  counters.writeMs += ms;
  counters.stored += batch.entries.length - written.known.size;
  counters.duplicates += repeats.length + written.known.size;
  counters.deadLetters += batch.poison.length;
}

function announce(
  feed: StoredFeed,
  batch: Batch,
  repeats: readonly Repeat[],
  { seqs, known }: Written,
): void {
  const rooms = new Map<string, { first: number; entries: LogEntry[] }>();
  batch.entries.forEach((entry, index) => {
    const seq = seqs[index] ?? 0;
    if (entry.receipt !== undefined) feed.receipt(entry.receipt, entry.room, entry.id, seq);
    if (known.has(index)) return;
    const room = rooms.get(entry.room);
    if (room) room.entries.push(entry);
    else rooms.set(entry.room, { first: seq, entries: [entry] });
  });
  for (const [room, { first, entries }] of rooms) feed.deliver(room, first, entries);
  for (const { entry, of } of repeats)
    if (entry.receipt !== undefined) feed.receipt(entry.receipt, entry.room, entry.id, seqs[of] ?? 0);
}
