import type { MessageFrame } from "@parley/protocol/message";

/**
 * Resolves if a user may read a room.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `room_not_found` if there is none, or none that this user may see.
 */
export type CheckReadable = (userId: string, room: string) => Promise<void>;

/** Which page: before a seq, after it, around it, or simply the newest. */
export type PageRequest = Readonly<{ before?: number; after?: number; around?: number; limit: number }>;

export type HistoryPage = Readonly<{
  /** Everything that happened in the room up to here is in the messages. */
  head: number;
  /** Oldest first. */
  messages: readonly MessageFrame[];
}>;

/** Reads one page of a room's messages. */
export type ReadPage = (userId: string, room: string, request: PageRequest) => Promise<HistoryPage>;
