import type { User } from "@parley/protocol/fields";
import { assertOpen } from "./post-message.ts";
import type { MayPost } from "./room-access.ts";

/** Publishes to the consumers that a user is typing in a room, or has stopped. It may be lost. */
export type PublishTyping = (room: string, user: User, isTyping: boolean) => void;

/** Takes a token of the user's rate limit in this room; returns false if there is none. */
type TakeTypingTurn = (userId: string, room: string) => boolean;

export type AnnounceTyping = (room: string, user: User, isTyping: boolean) => Promise<void>;

/** Announces typing. Notices above the rate limit are dropped without an error, because nothing depends on them. */
export function createAnnounceTyping(
  publish: PublishTyping,
  takeTurn: TakeTypingTurn,
  mayPost: MayPost,
): AnnounceTyping {
  return async (room, user, isTyping) => {
    assertOpen(await mayPost(room, user.id));
    if (takeTurn(user.id, room)) publish(room, user, isTyping);
  };
}
