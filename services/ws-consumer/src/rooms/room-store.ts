import type { MessageState } from "./rules/message-change.ts";
import type { Role, RoomKind } from "./rules/rights.ts";
import type { RoomState } from "./rules/room-change.ts";
import type { User } from "./rules/user.ts";

/** A row for the outbox: a log entry, and the right that changes with it. */
export type OutboxRow = Readonly<{
  /** Log entry as JSON. */
  entry: string;
  member?: User;
  /** New role of the member; `none`: no longer a member. */
  role?: Role | "none";
  /** New title of the room, if it changes. */
  title?: string | null;
  /** New state of the room, if it changes; `none`: deleted. */
  roomState?: "open" | "none";
  /** Core NATS subject on which a request waits for the entry's seq. */
  receipt?: string;
}>;

export type NewRoom = Readonly<{ id: string; kind: RoomKind; title: string | null; createdBy: string }>;

/**
 * Port that changes rooms and members. Each call is one statement. `create` and `change` throw the `RoomError`
 * `quota_exceeded`, and do nothing, if a quota would be exceeded; `create` throws `blocked` for a direct chat of two of
 * whom one has blocked the other.
 */
export interface RoomStore {
  /** State of a room for a change by `actor`; undefined if it does not exist or was deleted. */
  state(room: string, actor: User, targetId: string): Promise<RoomState | undefined>;
  /** Atomic: creates the room with its rows. Returns false, and does nothing, if the id is taken. */
  create(room: NewRoom, rows: readonly OutboxRow[]): Promise<boolean>;
  /** Atomic: changes the room as the rows say. Returns false, and does nothing, if its version has changed. */
  change(room: string, version: number, rows: readonly OutboxRow[]): Promise<boolean>;
  /** State of a message for a change by the actor; undefined if the room does not exist. */
  message(room: string, seq: number, actorId: string): Promise<MessageState | undefined>;
  /**
   * Atomic: writes a change of a message to the outbox. Returns false if the room's version or the message has changed.
   */
  changeMessage(room: string, version: number, seq: number, row: OutboxRow): Promise<boolean>;
  /** Sets a member's preferences; returns false if there is no such member. */
  prefer(room: string, userId: string, preferences: Preferences): Promise<boolean>;
}

/** A member's own settings of a room; not visible to others. */
export type Preferences = Readonly<{ isMuted?: boolean; isPinned?: boolean }>;
