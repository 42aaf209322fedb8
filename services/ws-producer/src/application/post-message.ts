import { Refusal } from "@parley/protocol/codes";
import type { MessageContent } from "@parley/protocol/message";
import { type Author, acceptDraft, type Draft, type Message } from "../domain/message.ts";
import type { MayPost } from "./room-access.ts";

/** The log has the message on disk. `duplicate`, `at`: as in `Published`. */
export type Appended = Readonly<{ duplicate: boolean; at: string }>;

/**
 * Appends a message to the log; resolves once it is on disk. It retries under the same id until the log answers
 * or `isGone` says that nobody waits any more; messages of one caller to one room keep the order of the calls.
 *
 * @throws {Refusal} `overloaded` at once if too much waits to be stored.
 */
export type AppendMessage = (
  message: Message<MessageContent>,
  isGone: () => boolean,
  receiptTo?: string,
) => Promise<Appended>;

/** Takes a turn of a user's allowance; returns 0, or how many ms to wait for the next turn. */
export type TakeTurn = (userId: string) => number;

/** What was posted; its text is not kept for as long as the log takes. */
export type Posted = Readonly<{
  message: Pick<Message<MessageContent>, "id" | "room" | "author" | "at">;
  duplicate: boolean;
}>;

/** @throws {Refusal} at once or later: what is known to be wrong is not waited for. */
export type PostMessage = (
  draft: Draft<MessageContent>,
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

/**
 * Posts a message: takes a turn, looks at the room, accepts the draft, appends it to the log. Every message passes here,
 * so it is not an async function: each of those costs as much garbage as the message (docs/decisions/0002).
 */
export function createPostMessage({
  append,
  takeTurn,
  mayPost,
  now,
  freshId,
}: PostMessageParts): PostMessage {
  const post: PostMessage = (draft, author, { isGone, receiptTo }) => {
    const accepted = acceptDraft(draft, author, now(), freshId);
    const { id, room } = accepted;
    return append(accepted, isGone, receiptTo).then(({ duplicate, at }) => ({
      message: { id, room, author, at },
      duplicate,
    }));
  };
  return (draft, author, waiting) => {
    const wait = takeTurn(author.id);
    if (wait > 0) throw new Refusal("rate_limited", "too many messages", { retryAfterMs: wait });
    const isOpen = mayPost(draft.room, author.id);
    if (typeof isOpen !== "boolean")
      return isOpen.then((known) => {
        demandOpen(known);
        return post(draft, author, waiting);
      });
    demandOpen(isOpen);
    return post(draft, author, waiting);
  };
}

/** @throws {Refusal} the same for a room that is not there and for one that is not the user's. */
export function demandOpen(isOpen: boolean): void {
  if (!isOpen) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
}
