import type { MessageState } from "./rules/message-change.ts";
import type { Role, RoomKind } from "./rules/rights.ts";
import type { Person, RoomState } from "./rules/room-change.ts";

/** A row of the outbox: what the log will hold, and whose right changes with it. */
export type OutboxRow = Readonly<{
  /** The log entry as JSON. */
  entry: string;
  member?: Person;
  /** What the member is from here on; `none`: not a member. */
  role?: Role | "none";
  /** The room's title, if it changes. */
  title?: string | null;
  /** What the room is from here on, if that changes; `none`: it is gone. */
  roomState?: "open" | "none";
  /** Core NATS subject where somebody waits to hear the entry's seq. */
  receipt?: string;
}>;

export type NewRoom = Readonly<{ id: string; kind: RoomKind; title: string | null; createdBy: string }>;

/** Rooms and members in Postgres, as far as they are changed. Each call is one statement. */
export interface RoomStore {
  /** A room as an actor finds it; undefined if there is none, or none any more. */
  state(room: string, actor: Person, targetId: string): Promise<RoomState | undefined>;
  /** Atomic: makes the room with all that its rows say. False if the name is taken: then nothing happens. */
  create(room: NewRoom, rows: readonly OutboxRow[]): Promise<boolean>;
  /** Atomic: changes the room to what the rows say. False if it is not at this version any more: nothing happens. */
  change(room: string, version: number, rows: readonly OutboxRow[]): Promise<boolean>;
  /** A message as an actor finds it; undefined if there is no such room. */
  message(room: string, seq: number, actorId: string): Promise<MessageState | undefined>;
  /** Atomic: puts a change of a message on its way. False if room or message are not as they were judged. */
  changeMessage(room: string, version: number, seq: number, row: OutboxRow): Promise<boolean>;
  /** Sets what a member wants for oneself; false if there is no such member. */
  prefer(room: string, userId: string, wishes: Wishes): Promise<boolean>;
}

/** What a member wants of a room for oneself; nobody else is told. */
export type Wishes = Readonly<{ isMuted?: boolean; isPinned?: boolean }>;
