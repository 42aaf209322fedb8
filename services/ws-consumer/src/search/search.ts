import type { MessageFrame } from "@parley/protocol/message";

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

/** Makes stored messages ready to be found, about so many at most; says whether more wait. */
export type IndexWords = (messagesMax: number) => Promise<boolean>;

/** More at once would make everybody else's commit wait for what all of these write ahead. */
const MESSAGES_MAX = 500;
/** How often it looks whether there is something to be made ready, ms. */
const LOOK_EVERY_MS = 250;
/**
 * This share of the time goes into it, so that it leaves a full load to those who send; and as much again for each
 * `PATIENCE_MS` for which messages have waited without a break, up to `SHARE_MAX` (docs/decisions/0032).
 */
const SHARE = 1 / 20;
const PATIENCE_MS = 30_000;
const SHARE_MAX = 1 / 2;
/** It never rests for longer, ms: a run that took long waited for Postgres, and took nothing from anybody. */
const REST_MAX_MS = 1_000;

/** Keeps the words of stored messages; instances share the work. Gives what ends it. */
export function keepWords(index: IndexWords, onFault: (error: unknown, what: string) => void): () => void {
  let isEnded = false;
  let timer: NodeJS.Timeout | undefined;
  let behindSince: number | undefined;
  const run = async () => {
    const began = performance.now();
    const isMore = await index(MESSAGES_MAX).catch((error: unknown) => {
      onFault(error, "words of messages could not be kept");
      return false;
    });
    const now = performance.now();
    behindSince = isMore ? (behindSince ?? began) : undefined;
    const share = Math.min(SHARE_MAX, SHARE * (1 + Math.floor((now - (behindSince ?? now)) / PATIENCE_MS)));
    const rest = Math.min(REST_MAX_MS, (now - began) * (1 / share - 1));
    if (!isEnded) timer = setTimeout(() => void run(), isMore ? rest : Math.max(rest, LOOK_EVERY_MS));
  };
  void run();
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}
