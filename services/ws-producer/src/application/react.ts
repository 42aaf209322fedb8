import type { User } from "@parley/protocol/fields";
import { type Appended, assertOpen, assertTurn, type TakeTurn } from "./post-message.ts";
import type { MayPost } from "./room-access.ts";

/** Adds a reaction to the message with the seq `target`, or removes it. */
type ReactionDraft = Readonly<{
  id?: string;
  room: string;
  target: number;
  emoji: string;
  remove: boolean;
}>;
type Reaction = Required<ReactionDraft> & Readonly<{ author: User; at: string }>;

/** Appends a reaction to the log, as `AppendMessage` does with a message. */
export type AppendReaction = (
  reaction: Reaction,
  isGone: () => boolean,
  receiptTo?: string,
) => Promise<Appended>;

type Reacted = Readonly<{ reaction: Reaction }> & Omit<Appended, "at">;
export type React = (
  draft: ReactionDraft,
  author: User,
  waiting: Readonly<{ isGone: () => boolean; receiptTo?: string }>,
) => Promise<Reacted>;

type ReactDependencies = Readonly<{
  append: AppendReaction;
  takeTurn: TakeTurn;
  mayPost: MayPost;
  /** ISO 8601 in UTC. */
  now: () => string;
  freshId: () => string;
}>;

/** Reacts to a message. A reaction counts as a message in the rate limit, and is an entry of the log like one. */
export function createReact({ append, takeTurn, mayPost, now, freshId }: ReactDependencies): React {
  return async (draft, author, { isGone, receiptTo }) => {
    assertTurn(takeTurn(author.id));
    const isOpen = mayPost(draft.room, author.id);
    assertOpen(typeof isOpen === "boolean" ? isOpen : await isOpen);
    const reaction = { ...draft, id: draft.id ?? freshId(), author, at: now() };
    const { at, ...rest } = await append(reaction, isGone, receiptTo);
    return { reaction: { ...reaction, at }, ...rest };
  };
}
