import { pause } from "@parley/runtime/deadline";
import { findPlace } from "./find-place.ts";
import type { Report } from "./report.ts";
import type { ShardLog, ShardPosition } from "./shard-log.ts";
import { FencedError, type ShardStore } from "./shard-store.ts";
import { storeBatch, type WriterCounters } from "./store-batch.ts";
import type { StoredFeed } from "./stored-feed.ts";

/** Entries and bytes that go into one statement at most. */
const BATCH_ENTRIES_MAX = 1_000;
const BATCH_BYTES_MAX = 1_000_000;
/** Pause after an interruption, ms: doubled each time it comes again, up to the second. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** How often it tells how far it has come while it stores much, ms. */
const PROGRESS_EVERY_MS = 100;

export type WriterParts = Readonly<{
  store: ShardStore;
  log: ShardLog;
  feed: StoredFeed;
  report: Report;
  counters: WriterCounters;
}>;

/** The writing of one shard by this process, from taking its lease to giving it up. */
export interface ShardWriter {
  /** How far it has come; the epoch in it is the one that it writes under. */
  readonly position: ShardPosition;
  /** Why it does not get on at the moment; undefined while it does. */
  readonly trouble: string | undefined;
  /** Resolves when it has stopped: it was told to, or somebody else writes the shard. */
  readonly stopped: Promise<void>;
  /** Lets the statement under way end, and stops. */
  stop(): Promise<void>;
}

/**
 * Writes a shard for as long as its lease is this process's: reads the log after the cursor and stores what it
 * reads; the next batch gathers while one is being stored, of this shard or of others. After any interruption it asks Postgres for the cursor
 * and goes on from there, so a statement whose outcome is unknown is neither lost nor done twice, and it makes no
 * difference how long Postgres or the log are away.
 */
export function writeShard(acquired: ShardPosition, parts: WriterParts): ShardWriter {
  const stop = new AbortController();
  const progress: Progress = { position: acquired, trouble: "starting" };
  const stopped = writeUntilStopped(progress, parts, stop.signal);
  return {
    get position() {
      return progress.position;
    },
    get trouble() {
      return progress.trouble;
    },
    stopped,
    stop: () => {
      stop.abort();
      return stopped;
    },
  };
}

type Progress = { position: ShardPosition; trouble: string | undefined };

async function writeUntilStopped(progress: Progress, parts: WriterParts, signal: AbortSignal): Promise<void> {
  const { shard } = progress.position;
  let pauseMs = PAUSE_MIN_MS;
  while (!signal.aborted) {
    const { batches } = parts.counters;
    try {
      await readAndStore(progress, parts, signal);
    } catch (error) {
      if (error instanceof FencedError) {
        parts.counters.fenced += 1;
        parts.report("warn", "stops writing: the shard was taken, or has moved on", { shard });
        return;
      }
      progress.trouble = error instanceof Error ? error.message : String(error);
      parts.counters.restarts += 1;
      if (parts.counters.batches > batches) pauseMs = PAUSE_MIN_MS;
      parts.report("warn", "writing was interrupted", { shard, err: error, pauseMs });
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }
}

async function readAndStore(progress: Progress, parts: WriterParts, signal: AbortSignal): Promise<void> {
  const { shard, epoch } = progress.position;
  const stored = await parts.store.position(shard);
  if (stored.epoch !== epoch)
    throw new FencedError(`shard ${shard} is at epoch ${stored.epoch}, not ${epoch}`);
  progress.position = await settle(stored, parts);
  const reading = await parts.log.read(progress.position);
  const close = () => reading.close();
  let toldAt = 0;
  signal.addEventListener("abort", close);
  try {
    while (!signal.aborted) {
      progress.trouble = undefined;
      await reading.arrival();
      await parts.store.turn();
      if (signal.aborted) break;
      const items = reading.take(BATCH_ENTRIES_MAX, BATCH_BYTES_MAX);
      if (items.length === 0) continue;
      progress.position = await storeBatch(items, progress.position, parts);
      if (performance.now() - toldAt < PROGRESS_EVERY_MS) continue;
      toldAt = performance.now();
      parts.feed.progress(shard, progress.position.cursor);
    }
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Makes sure of the stream, and that the position counts in it. */
async function settle(position: ShardPosition, { log, store, report }: WriterParts): Promise<ShardPosition> {
  const { shard, cursor } = position;
  const facts = await log.prepare(position);
  const place = findPlace(position, facts);
  if (place.lost)
    report("error", "entries left the log before they were stored", { shard, lost: place.lost });
  if (place.replaced === undefined) return position;
  const level = position.streamCreated === null ? "info" : "error";
  report(level, "the shard counts in another stream from here on", {
    shard,
    reason: place.replaced,
    cursor,
    newCursor: place.cursor,
  });
  return store.rebase(position, facts.created, place.cursor);
}
