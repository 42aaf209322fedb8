import type { MessageFrame } from "@parley/protocol/message";
import type { QueuedMessage, TokenizedMessage } from "./indexer.ts";
import { compileQuery } from "./rules/query.ts";
import { tokensOf } from "./rules/tokens.ts";

/** Where a page of results ends. */
export type FoundPlace = Readonly<{ at: string; room: string; seq: number }>;

/**
 * Messages that match a query and that the user may read, the newest first; of one room, or of all. Finds what is
 * indexed and, in the newest part of the queue, what is not indexed yet; waits for nothing and writes nothing.
 */
export type Search = (
  userId: string,
  query: string,
  limit: number,
  room?: string,
  after?: FoundPlace,
) => Promise<readonly MessageFrame[]>;

/** A query after Postgres has reduced its tokens to stems, and where it is asked: one room, or all of a user's. */
export type PreparedQuery = Readonly<{ query: string; room: string | undefined; privateRooms: string }>;

export interface SearchIndex {
  /**
   * Prepares a `to_tsquery` text. Undefined if nothing is left of it that a message must have: in many languages the
   * commonest words are not indexed.
   */
  prepare(userId: string, query: string, room: string | undefined): Promise<PreparedQuery | undefined>;
  /** The newest messages that wait to be indexed, up to a limit, in the rooms that are searched. */
  queued(query: PreparedQuery): Promise<readonly QueuedMessage[]>;
  /** Finds messages; for those in `queued` their tokens count, and not what is indexed of them. */
  find(
    query: PreparedQuery,
    queued: readonly TokenizedMessage[],
    limit: number,
    after: FoundPlace | undefined,
  ): Promise<readonly MessageFrame[]>;
}

export function createSearch(index: SearchIndex): Search {
  return async (userId, text, limit, room, after) => {
    const compiled = compileQuery(text);
    if (compiled === undefined) return [];
    const query = await index.prepare(userId, compiled, room);
    if (!query) return [];
    return await index.find(query, tokenize(await index.queued(query)), limit, after);
  };
}

/** A message that was edited while it waited is in the queue twice, each time with its text of now. */
function tokenize(queued: readonly QueuedMessage[]): TokenizedMessage[] {
  const messages = new Map(queued.map((message) => [`${message.room} ${message.seq}`, message]));
  return [...messages.values()].map(({ body, ...message }) => ({
    ...message,
    tokens: body === null ? null : tokensOf(body).join(" "),
  }));
}
