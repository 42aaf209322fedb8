import { Refusal } from "@parley/protocol/codes";
import type { Author } from "../domain/message.ts";
import type { IsOpenRoom } from "./post-message.ts";

/** Tells consumers that somebody writes in a room, or has stopped. It may be lost. */
export type PublishTyping = (room: string, user: Author, isTyping: boolean) => void;

/** Takes a turn of a user's typing allowance in a room; false if there is none left. */
export type TakeTypingTurn = (userId: string, room: string) => boolean;

export type AnnounceTyping = (room: string, user: Author, isTyping: boolean) => void;

/** Announces typing. What comes too often is left out without a word: nothing is lost by it. */
export function createAnnounceTyping(
  publish: PublishTyping,
  takeTurn: TakeTypingTurn,
  isOpenRoom: IsOpenRoom,
): AnnounceTyping {
  return (room, user, isTyping) => {
    if (!isOpenRoom(room)) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
    if (takeTurn(user.id, room)) publish(room, user, isTyping);
  };
}
