import type { MessageFrame } from "@parley/protocol/server-frames";

/**
 * Resolves if a user may read a room.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `room_not_found` if there is none, or none that this user may see.
 */
export type CheckReadable = (userId: string, room: string) => Promise<void>;

/** Which page: the newest before `before`, or the first after `after`, or simply the newest. */
export type PageRequest = Readonly<{ before?: number; after?: number; limit: number }>;

/** Reads one page of a room's messages, oldest first. */
export type ReadPage = (room: string, request: PageRequest) => Promise<readonly MessageFrame[]>;
