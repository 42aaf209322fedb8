import type { Author } from "../domain/message.ts";
import { demandOpen } from "./post-message.ts";
import type { MayPost } from "./room-access.ts";

/** Tells consumers that somebody writes in a room, or has stopped. It may be lost. */
export type PublishTyping = (room: string, user: Author, isTyping: boolean) => void;

/** Takes a turn of a user's typing allowance in a room; false if there is none left. */
export type TakeTypingTurn = (userId: string, room: string) => boolean;

export type AnnounceTyping = (room: string, user: Author, isTyping: boolean) => Promise<void>;

/** Announces typing. What comes too often is left out without a word: nothing is lost by it. */
export function createAnnounceTyping(
  publish: PublishTyping,
  takeTurn: TakeTypingTurn,
  mayPost: MayPost,
): AnnounceTyping {
  return async (room, user, isTyping) => {
    demandOpen(await mayPost(room, user.id));
    if (takeTurn(user.id, room)) publish(room, user, isTyping);
  };
}
