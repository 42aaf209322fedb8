import { sleep } from "@parley/runtime/deadline";
import { findResumePoint, MissingEntriesError } from "./resume-point.ts";
import type { ShardLog, ShardPosition } from "./shard-log.ts";
import { FencedError, type ShardStore } from "./shard-store.ts";
import { type Report, type StoredPublisher, storeBatch, type WriterCounters } from "./store-batch.ts";

/** Limits of one batch. */
const BATCH_ENTRIES_MAX = 1_000;
const BATCH_BYTES_MAX = 1_000_000;
/** Pause after an interruption, ms: doubled each time, until a batch is stored. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** Shortest time between two progress announcements, ms. */
const PROGRESS_EVERY_MS = 100;

export type WriterDependencies = Readonly<{
  store: ShardStore;
  log: ShardLog;
  publisher: StoredPublisher;
  report: Report;
  counters: WriterCounters;
}>;

/** The writer of one shard in this process, from acquiring the lease to releasing it. */
export interface ShardWriter {
  /** How far it has stored, and its epoch. */
  readonly position: ShardPosition;
  /** When the log took the oldest entry that was read and is not stored, ns since 1970; undefined if there is none. */
  readonly oldestUnstored: string | undefined;
  /** Why it makes no progress at the moment; undefined while it does. */
  readonly trouble: string | undefined;
  /** Resolves when it has stopped: `stop` was called, or another instance took the shard. */
  readonly stopped: Promise<void>;
  /** Stops once the statement under way has ended. */
  stop(): Promise<void>;
}

/**
 * Stores a shard's log for as long as this process holds its lease. It reads after the cursor and stores batch by batch;
 * while one is being stored, of this shard or of others, the next one gathers. After any interruption it asks Postgres
 * for the cursor and continues there: so a statement whose outcome is unknown is neither lost nor repeated, however long
 * Postgres or the log are away.
 */
export function writeShard(acquired: ShardPosition, deps: WriterDependencies): ShardWriter {
  const stop = new AbortController();
  const progress: Progress = { position: acquired, trouble: "starting", oldestUnstored: undefined };
  const stopped = writeUntilStopped(progress, deps, stop.signal);
  return {
    get position() {
      return progress.position;
    },
    get oldestUnstored() {
      return progress.oldestUnstored;
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

type Progress = {
  position: ShardPosition;
  trouble: string | undefined;
  oldestUnstored: string | undefined;
};

async function writeUntilStopped(
  progress: Progress,
  deps: WriterDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { shard } = progress.position;
  let pauseMs = PAUSE_MIN_MS;
  let reported: string | undefined;
  while (!signal.aborted) {
    const { batches } = deps.counters;
    try {
      await readAndStore(progress, deps, signal);
    } catch (error) {
      if (error instanceof FencedError) {
        deps.counters.fenced += 1;
        deps.report("warn", "writer stops: the shard was taken, or has moved on", { shard });
        return;
      }
      progress.trouble = String(error);
      deps.counters.restarts += 1;
      const isStoring = deps.counters.batches > batches;
      if (isStoring) pauseMs = PAUSE_MIN_MS;
      // Once per reason: it is tried again each second for as long as Postgres or the log are away.
      if (isStoring || progress.trouble !== reported)
        deps.report(levelOf(error), "writing was interrupted", { shard, err: error, pauseMs });
      reported = progress.trouble;
      await sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }
}

/** Waiting does not bring back what has left the log. */
const levelOf = (error: unknown) => (error instanceof MissingEntriesError ? "error" : "warn");

async function readAndStore(
  progress: Progress,
  deps: WriterDependencies,
  signal: AbortSignal,
): Promise<void> {
  const { shard, epoch } = progress.position;
  const stored = await deps.store.position(shard);
  if (stored.epoch !== epoch)
    throw new FencedError(`shard ${shard} is at epoch ${stored.epoch}, not ${epoch}`);
  progress.position = await matchStream(stored, deps);
  // A batch whose outcome was unknown may be stored.
  progress.oldestUnstored = undefined;
  const reading = await deps.log.read(progress.position);
  const close = () => reading.close();
  let announcedAt = 0;
  signal.addEventListener("abort", close);
  try {
    while (!signal.aborted) {
      progress.trouble = undefined;
      await reading.arrival();
      await deps.store.turn();
      if (signal.aborted) break;
      const items = reading.take(BATCH_ENTRIES_MAX, BATCH_BYTES_MAX);
      if (items.length === 0) continue;
      progress.oldestUnstored = items[0]?.logTime;
      progress.position = await storeBatch(items, progress.position, deps);
      progress.oldestUnstored = undefined;
      if (performance.now() - announcedAt < PROGRESS_EVERY_MS) continue;
      announcedAt = performance.now();
      deps.publisher.progress(shard, progress.position.cursor);
    }
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/**
 * Prepares the stream, and rebases the position if the cursor does not belong to it.
 *
 * @throws {MissingEntriesError}
 */
async function matchStream(
  position: ShardPosition,
  { log, store, report }: WriterDependencies,
): Promise<ShardPosition> {
  const { shard, cursor } = position;
  const facts = await log.prepare(position);
  const { replaced: reason, cursor: newCursor } = findResumePoint(position, facts);
  if (reason === undefined) return position;
  const level = position.streamCreated === null ? "info" : "error";
  report(level, "the cursor belongs to another stream from now on", { shard, reason, cursor, newCursor });
  return store.rebase(position, facts.created, newCursor);
}
