import type { MessageFrame } from "@parley/protocol/message";

/** The sort key of the last message of a page. */
export type FoundPlace = Readonly<{ at: string; room: string; seq: number }>;

/**
 * Finds messages that a user may read, in one room or in all, newest first.
 *
 * @param query in the syntax of `websearch_to_tsquery`: words, "quoted words", -word, or
 * @param after sort key of the previous page's last message
 */
export type Search = (
  userId: string,
  query: string,
  limit: number,
  room?: string,
  after?: FoundPlace,
) => Promise<readonly MessageFrame[]>;

/** Indexes about `messagesMax` messages of the search queue at most; returns true if more are queued. */
export type IndexMessages = (messagesMax: number) => Promise<boolean>;
