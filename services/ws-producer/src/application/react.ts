import { Refusal } from "@parley/protocol/codes";
import type { Author } from "../domain/message.ts";
import { type Appended, demandOpen, type TakeTurn } from "./post-message.ts";
import type { MayPost } from "./room-access.ts";

/** What a client asks for: a reaction to the message `target`, or that it goes. */
export type ReactionDraft = Readonly<{
  id?: string;
  room: string;
  target: number;
  emoji: string;
  remove: boolean;
}>;
export type Reaction = Required<ReactionDraft> & Readonly<{ author: Author; at: string }>;

/** Appends a reaction to the log, as `AppendMessage` does with a message. */
export type AppendReaction = (reaction: Reaction, isGone: () => boolean) => Promise<Appended>;

export type Reacted = Readonly<{ reaction: Reaction; duplicate: boolean }>;
export type React = (draft: ReactionDraft, author: Author, isGone: () => boolean) => Promise<Reacted>;

export type ReactParts = Readonly<{
  append: AppendReaction;
  takeTurn: TakeTurn;
  mayPost: MayPost;
  /** ISO 8601 in UTC. */
  now: () => string;
  freshId: () => string;
}>;

/** Reacts to a message: takes a turn like a message, looks at the room, appends to the log. */
export function createReact({ append, takeTurn, mayPost, now, freshId }: ReactParts): React {
  return async (draft, author, isGone) => {
    const wait = takeTurn(author.id);
    if (wait > 0) throw new Refusal("rate_limited", "too many messages", { retryAfterMs: wait });
    const open = mayPost(draft.room, author.id);
    demandOpen(typeof open === "boolean" ? open : await open);
    const reaction = { ...draft, id: draft.id ?? freshId(), author, at: now() };
    const { duplicate, at } = await append(reaction, isGone);
    return { reaction: { ...reaction, at }, duplicate };
  };
}
