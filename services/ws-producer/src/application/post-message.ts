import { Refusal } from "@parley/protocol/codes";
import { type Author, acceptDraft, type Draft, type Message } from "../domain/message.ts";
import type { MayPost } from "./room-access.ts";

/** What the log says of a message that it has on disk. `duplicate`: it had it before. */
export type Appended = Readonly<{ duplicate: boolean }>;

/**
 * Appends a message to the log; resolves once it is on disk. It retries under the same id until the log answers
 * or `isGone` says that nobody waits any more; messages of one caller to one room keep the order of the calls.
 */
export type AppendMessage = (
  message: Message,
  isGone: () => boolean,
  receiptTo?: string,
) => Promise<Appended>;

/** Takes a turn of a user's allowance; returns 0, or how many ms to wait for the next turn. */
export type TakeTurn = (userId: string) => number;

export type Posted = Readonly<{ message: Message; duplicate: boolean }>;

export type PostMessage = (
  draft: Draft,
  author: Author,
  waiting: Readonly<{ isGone: () => boolean; receiptTo?: string }>,
) => Promise<Posted>;

export type PostMessageParts = Readonly<{
  append: AppendMessage;
  takeTurn: TakeTurn;
  mayPost: MayPost;
  /** ISO 8601 in UTC. */
  now: () => string;
  freshId: () => string;
}>;

/** Posts a message: takes a turn, looks at the room, accepts the draft, appends it to the log. */
export function createPostMessage({
  append,
  takeTurn,
  mayPost,
  now,
  freshId,
}: PostMessageParts): PostMessage {
  return async (draft, author, { isGone, receiptTo }) => {
    const wait = takeTurn(author.id);
    if (wait > 0) throw new Refusal("rate_limited", "too many messages", { retryAfterMs: wait });
    const open = mayPost(draft.room, author.id);
    // Awaited only if it must be, so that what is known costs no turn.
    demandOpen(typeof open === "boolean" ? open : await open);
    const message = acceptDraft(draft, author, now(), freshId);
    const { duplicate } = await append(message, isGone, receiptTo);
    return { message, duplicate };
  };
}

/** @throws {Refusal} the same for a room that is not there and for one that is not the user's. */
export function demandOpen(isOpen: boolean): void {
  if (!isOpen) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
}
