import type { MessageFrame } from "@parley/protocol/message";
import type { Role, RoomKind } from "./rules/rights.ts";
import type { User } from "./rules/user.ts";

/** A room as one user sees it. */
export type RoomView = Readonly<{
  id: string;
  kind: RoomKind;
  title: string | null;
  /** Role of the user; null if not a member. */
  role: Role | null;
  head: number;
  createdBy: string | null;
  createdAt: string;
  /** When the newest message was accepted, or the room created. */
  activeAt: string;
  lastMessage: MessageFrame | null;
  readSeq: number;
  /** Messages of others after `readSeq`; exact up to 1,000. */
  unread: number;
  isMuted: boolean;
  isPinned: boolean;
  /** The other user of a direct chat. */
  with: User | null;
}>;

export type MemberView = Readonly<{ user: User; role: Role; joinedAt: string; readSeq: number }>;

/** Sort keys of the last item of a page. */
export type RoomsPlace = Readonly<{ isPinned: boolean; activeAt: string; id: string }>;
export type MembersPlace = Readonly<{ joinedAt: string; id: string }>;

/** Port that reads rooms. It does not check rights. */
export interface RoomViews {
  /** Rooms that a user is a member of: pinned first, then by newest message. */
  inbox(userId: string, limit: number, after?: RoomsPlace): Promise<readonly RoomView[]>;
  /** All channels, by newest message. */
  channels(userId: string, limit: number, after?: RoomsPlace): Promise<readonly RoomView[]>;
  /** One room; undefined if it does not exist. */
  room(userId: string, room: string): Promise<RoomView | undefined>;
  members(room: string, limit: number, after?: MembersPlace): Promise<readonly MemberView[]>;
  member(room: string, userId: string): Promise<MemberView | undefined>;
  /** Unread messages of each room that a user is a member of; rooms without any are left out. */
  unread(userId: string): Promise<readonly Readonly<{ room: string; unread: number; readSeq: number }>[]>;
}
