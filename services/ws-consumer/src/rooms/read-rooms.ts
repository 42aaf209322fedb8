import type { MessageFrame } from "@parley/protocol/message";
import type { Role, RoomKind } from "./rules/rights.ts";
import type { Person } from "./rules/room-change.ts";

/** A room as one user sees it. */
export type RoomView = Readonly<{
  id: string;
  kind: RoomKind;
  title: string | null;
  /** What the user is in it; null if no member. */
  role: Role | null;
  head: number;
  createdBy: string | null;
  createdAt: string;
  /** When the newest message was written, or the room made. */
  activeAt: string;
  lastMessage: MessageFrame | null;
  readSeq: number;
  /** Messages of others after `readSeq`; exact up to 1,000. */
  unread: number;
  isMuted: boolean;
  isPinned: boolean;
  /** The other one of a direct chat. */
  with: Person | null;
}>;

export type MemberView = Readonly<{ user: Person; role: Role; joinedAt: string; readSeq: number }>;

/** Where a page ends, so that the next one begins there. */
export type RoomsPlace = Readonly<{ isPinned: boolean; activeAt: string; id: string }>;
export type MembersPlace = Readonly<{ joinedAt: string; id: string }>;

/** Rooms in Postgres, as far as they are read. */
export interface RoomViews {
  /** The rooms that a user is a member of: pinned first, then those with the newest message. */
  inbox(userId: string, limit: number, after?: RoomsPlace): Promise<readonly RoomView[]>;
  /** Channels, whether the user is a member or not, those with the newest message first. */
  channels(userId: string, limit: number, after?: RoomsPlace): Promise<readonly RoomView[]>;
  /** One room; undefined if there is none. Rights are not looked at. */
  room(userId: string, room: string): Promise<RoomView | undefined>;
  members(room: string, limit: number, after?: MembersPlace): Promise<readonly MemberView[]>;
  member(room: string, userId: string): Promise<MemberView | undefined>;
  /** Unread messages of each room that a user is a member of; rooms without any are left out. */
  unread(userId: string): Promise<readonly Readonly<{ room: string; unread: number; readSeq: number }>[]>;
}
