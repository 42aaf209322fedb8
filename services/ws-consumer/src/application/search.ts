import type { MessageFrame } from "@parley/protocol/server-frames";

/** Where a page of findings ends. */
export type FoundPlace = Readonly<{ at: string; room: string; seq: number }>;

/** Messages with these words that a user may read, the newest first; of one room, or of all. */
export type Search = (
  userId: string,
  words: string,
  limit: number,
  room?: string,
  after?: FoundPlace,
) => Promise<readonly MessageFrame[]>;

/** Makes stored messages ready to be found, so many batches at most; gives how many it was. */
export type IndexWords = (batchesMax: number) => Promise<number>;

const BATCHES_MAX = 500;
/** How often it looks whether there is something to be made ready, ms. */
const LOOK_EVERY_MS = 250;

/** Keeps the words of stored messages; instances share the work. Gives what ends it. */
export function keepWords(index: IndexWords, onFault: (error: unknown, what: string) => void): () => void {
  let isRunning = false;
  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      while ((await index(BATCHES_MAX)) === BATCHES_MAX);
    } catch (error) {
      onFault(error, "words of messages could not be kept");
    } finally {
      isRunning = false;
    }
  };
  const timer = setInterval(() => void run(), LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
