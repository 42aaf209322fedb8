import type { IndexMessages } from "./search.ts";

/** Messages per statement. With more, its WAL delays the commits of the writers. */
const MESSAGES_MAX = 500;
/** Interval of looking into an empty queue, ms. */
const POLL_MS = 250;
/**
 * Share of the time that indexing takes, so that a full load is left to senders. The share grows by as much again for
 * each `PATIENCE_MS` in which the queue was never empty, up to `SHARE_MAX` (docs/decisions/0032).
 */
const SHARE = 1 / 20;
const PATIENCE_MS = 30_000;
const SHARE_MAX = 1 / 2;
/** Longest rest, ms: a statement that took seconds waited for Postgres, and used no CPU meanwhile. */
const REST_MAX_MS = 1_000;

/**
 * Runs the indexer: moves stored messages from the search queue to the search index. Instances share the queue. Returns a
 * function that stops it.
 */
export function runIndexer(
  index: IndexMessages,
  onFault: (error: unknown, what: string) => void,
): () => void {
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
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
