import type { MessageFrame } from "@parley/protocol/message";

/**
 * Resolves if a user may read a room.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `room_not_found` if the room does not exist or the user may not
 * read it
 */
export type CheckReadable = (userId: string, room: string) => Promise<void>;

/** Selects a page: before a seq, after it or around it; the newest if none is given. `limit` is in messages. */
export type PageRequest = Readonly<{ before?: number; after?: number; around?: number; limit: number }>;

export type HistoryPage = Readonly<{
  /** Newest seq of the room; the messages include every change up to it. */
  head: number;
  /** Oldest first. */
  messages: readonly MessageFrame[];
}>;

/** Reads a page of a room's messages as one user sees them. */
export type ReadPage = (userId: string, room: string, request: PageRequest) => Promise<HistoryPage>;
