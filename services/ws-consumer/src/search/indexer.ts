import { tokensOf } from "./rules/tokens.ts";

/** A message that waits to be indexed; without a body it was deleted. */
export type QueuedMessage = Readonly<{ room: string; seq: number; at: string; body: string | null }>;
/** The same with the tokens it is found by, separated by blanks; null if it was deleted. */
export type TokenizedMessage = Readonly<{ room: string; seq: number; at: string; tokens: string | null }>;

/** A part of the queue, and how far each of its rows is covered by the messages. */
type QueuedBatch<Message> = Readonly<{
  rows: readonly Readonly<{ id: number; upTo: number }>[];
  messages: readonly (Message & Readonly<{ version: number }>)[];
  /** Whether more waits than this. */
  isMore: boolean;
}>;

export interface SearchQueue {
  /** The newest rows of these shards that together cover at most `messagesMax` entries. */
  read(shards: readonly number[], messagesMax: number): Promise<QueuedBatch<QueuedMessage>>;
  /**
   * Stores the tokens and removes from the queue what they cover, in one statement. What was indexed meanwhile for a
   * newer row of the queue stays.
   */
  store(batch: QueuedBatch<TokenizedMessage>): Promise<void>;
}

/** Indexes a part of the queue; resolves with whether more waits. */
type IndexBatch = (messagesMax: number) => Promise<boolean>;

/** @param shards those that this instance writes: their part of the queue is its own */
export function createIndexBatch(queue: SearchQueue, shards: () => readonly number[]): IndexBatch {
  return async (messagesMax) => {
    const own = shards();
    if (own.length === 0) return false;
    const batch = await queue.read(own, messagesMax);
    if (batch.rows.length === 0) return false;
    const messages = batch.messages.map(({ body, ...message }) => ({
      ...message,
      tokens: body === null ? null : tokensOf(body).join(" "),
    }));
    await queue.store({ ...batch, messages });
    return batch.isMore;
  };
}

/** Messages per statement. With more, its WAL delays the commits of the writers. */
const MESSAGES_MAX = 500;
/** Interval of looking into an empty queue, ms. */
const POLL_MS = 250;
/**
 * Share of the time that indexing takes, so that a full load is left to senders. The share grows by as much again for
 * each `PATIENCE_MS` in which the queue was never empty, up to `SHARE_MAX` (docs/decisions/0036).
 */
const SHARE = 1 / 20;
const PATIENCE_MS = 30_000;
const SHARE_MAX = 1 / 2;
/** Longest rest, ms: a statement that took seconds waited for Postgres, and used no CPU meanwhile. */
const REST_MAX_MS = 1_000;

type Indexer = Readonly<{
  stop: () => void;
  /** How long the queue has not been empty, s. */
  lagSeconds: () => number;
}>;

/**
 * Runs the indexer: moves stored messages from the search queue to the search index. A batch that fails is
 * reported and tried again.
 */
export function runIndexer(index: IndexBatch, onFault: (error: unknown, what: string) => void): Indexer {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let behindSince: number | undefined;
  const run = async () => {
    const began = performance.now();
    const isMore = await index(MESSAGES_MAX).catch((error: unknown) => {
      onFault(error, "messages could not be indexed");
      return false;
    });
    const now = performance.now();
    behindSince = isMore ? (behindSince ?? began) : undefined;
    const share = Math.min(SHARE_MAX, SHARE * (1 + Math.floor((now - (behindSince ?? now)) / PATIENCE_MS)));
    const rest = Math.min(REST_MAX_MS, (now - began) * (1 / share - 1));
    if (!isStopped) timer = setTimeout(() => void run(), isMore ? rest : Math.max(rest, POLL_MS));
  };
  void run();
  return {
    lagSeconds: () => (behindSince === undefined ? 0 : (performance.now() - behindSince) / 1_000),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
