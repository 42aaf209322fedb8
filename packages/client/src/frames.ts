/** Someone, as others see them. */
export interface User {
  id: string;
  username: string;
}

/** A message of a room, as history and live frames have it. */
export interface Message {
  type: "message";
  room: string;
  /** Place in the room's order: 1, 2, 3 … without holes. */
  seq: number;
  /** The sender's own id of it, unique per room and author. */
  id: string;
  author: User;
  /** Empty once the message is deleted. */
  body: string;
  /** RFC 3339 in UTC. For display only: order comes from `seq`. */
  at: string;
  replyTo?: number;
  editedAt?: string;
  deletedAt?: string;
  replies?: number;
  reactions?: Reaction[];
}

/** One emoji under a message: how many reacted with it, and whether you did. */
export interface Reaction {
  emoji: string;
  count: number;
  mine: boolean;
}

/** What a member may do: owners everything, admins add and remove members, members write. */
export type Role = "owner" | "admin" | "member";

interface Base {
  room: string;
  seq: number;
  id: string;
  author: User;
  at: string;
}

/** Somebody is a member from here on. */
export interface MemberJoined extends Base {
  type: "member_joined";
  user: User;
  role: Role;
  readSeq?: number;
}
/** Somebody is no longer a member. */
export interface MemberLeft extends Base {
  type: "member_left";
  user: User;
}
/** A member has another role. */
export interface MemberRole extends Base {
  type: "member_role";
  user: User;
  role: Role;
}
/** A message has another text. */
export interface MessageEdited extends Base {
  type: "message_edited";
  /** Seq of the message that has another text. */
  target: number;
  body: string;
}
/** A message was deleted. */
export interface MessageDeleted extends Base {
  type: "message_deleted";
  target: number;
}
/** Somebody reacted to a message, or took a reaction back. */
export interface ReactionChanged extends Base {
  type: "reaction";
  target: number;
  emoji: string;
  remove: boolean;
}
/** The room has another title, or was deleted. */
export interface RoomUpdated extends Base {
  type: "room_updated";
  title: string | null;
  isDeleted?: true;
}

/** Everything that has a place in a room's order. */
export type RoomEvent =
  | Message
  | MessageEdited
  | MessageDeleted
  | ReactionChanged
  | MemberJoined
  | MemberLeft
  | MemberRole
  | RoomUpdated;

interface Own {
  room: "@me";
  seq: number;
  at: string;
}
type Unplaced<T> = T extends unknown ? Omit<T, "seq"> : never;

/** One of your memberships, or a room of yours, has changed. */
export interface Membership extends Own {
  type: "membership";
  event: Unplaced<MemberJoined | MemberLeft | MemberRole | RoomUpdated>;
}
/** One of your sessions was used first, or was revoked. */
export interface SessionChange extends Own {
  type: "session";
  session: string;
  change: "new" | "revoked";
}
/** One of your devices has read a room up to a seq. */
export interface ReadMark extends Own {
  type: "read_mark";
  mark: { room: string; seq: number };
}

/** What concerns you in all rooms and on all devices. */
export type OwnEvent = Membership | SessionChange | ReadMark;

/** Somebody has read up to a seq. It has no place in the order and may be lost. */
export interface ReadNotice {
  type: "read";
  room: string;
  user: User;
  seq: number;
}
/** Somebody writes, or has stopped; may be lost. */
export interface TypingNotice {
  type: "typing";
  room: string;
  user: User;
  isTyping: boolean;
}
/** Whether somebody is online. */
export interface Presence {
  isOnline: boolean;
  /** When the user was last online; null while online or if never seen. */
  lastSeen: string | null;
}
/** How many have a room open that more than 100 have open, and the latest of those who came and left. It may be lost. */
export interface RoomPresence {
  type: "room_presence";
  room: string;
  /** Users who have the room open. */
  online: number;
  came: User[];
  left: User[];
}
export interface PresenceNotice extends Presence {
  type: "presence";
  user: User;
}

/** The log has a message on disk. */
export interface Ack {
  type: "ack";
  id: string;
  room: string;
  stored: "log";
  duplicate: boolean;
  at: string;
}

export interface Hello {
  type: "hello";
  protocol: "parley.v1";
  service: "producer" | "consumer";
  user: User;
  connection: string;
  heartbeatMs: number;
  limits: { bodyLength: number; frameBytes: number; messagesPerSecond: number; roomsPerResume: number };
  commands: string[];
}

export interface Subscribed {
  type: "subscribed";
  id?: string;
  room: string;
  head: number;
  outcome: "resumed" | "live" | "gap" | "reset";
  from?: number;
  to?: number;
}

/** A frame before its type is looked at. */
export type Frame = Readonly<{ type: string; id?: string; room?: string; [key: string]: unknown }>;
