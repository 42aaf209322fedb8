import { ReconnectingClient } from "@parley/bench/chaos/client-socket";
import type { WebSocket } from "ws";
import type { Frame } from "./frame-socket.ts";

type MessageState = {
  body: string;
  isEdited: boolean;
  isDeleted: boolean;
  replyTo: number | null;
  reactions: Record<string, string[]>;
};
/** The state of a room as a client sees it, in a form that can be compared. */
export type RoomState = {
  title: string | null;
  members: Record<string, { role: string; readSeq: number }>;
  messages: Record<number, MessageState>;
};

type Body = { id: string; username: string };

/**
 * A client that builds the state of a room from its frames alone, from the first one on, and resumes by seq after each
 * lost connection.
 */
export class Replica extends ReconnectingClient {
  readonly state: RoomState = { title: null, members: {}, messages: {} };
  /** Frames that broke the order. */
  readonly anomalies: string[] = [];
  seq = 0;
  readonly #room: string;
  readonly #reads = new Map<string, number>();

  constructor(url: string, token: string, room: string) {
    super(url, token);
    this.#room = room;
  }

  protected onOpen(ws: WebSocket): void {
    ws.send(JSON.stringify({ type: "resume", rooms: { [this.#room]: this.seq } }));
  }

  protected onFrame(_ws: WebSocket, frame: Frame): void {
    if (frame.type === "error") this.anomalies.push(JSON.stringify(frame));
    if (frame.type === "read") this.#read((frame.user as Body).id, Number(frame.seq));
    if (frame.type === "read") return;
    if (typeof frame.seq !== "number" || frame.room !== this.#room || frame.type === "caught_up") return;
    if (frame.seq !== this.seq + 1) this.anomalies.push(`seq ${frame.seq} after ${this.seq}`);
    this.seq = frame.seq;
    APPLY[frame.type]?.(this.state, frame);
    const { id } = (frame.user ?? {}) as Body;
    if (frame.type === "member_joined") this.#read(id, Number(frame.readSeq));
    if (frame.type === "member_left") this.#reads.delete(id);
  }

  /** Stored apart from the members: a read frame may come before the `member_joined` of its user. */
  #read(userId: string, seq: number): void {
    this.#reads.set(userId, Math.max(seq, this.#reads.get(userId) ?? 0));
  }

  /** The state now. */
  get view(): RoomState {
    const members = Object.entries(this.state.members).map(([id, { role }]) => [
      id,
      { role, readSeq: this.#reads.get(id) ?? 0 },
    ]);
    return { ...this.state, members: Object.fromEntries(members) };
  }
}

/** How each type of frame changes the state. */
const APPLY: Readonly<Record<string, (state: RoomState, frame: Frame) => void>> = {
  room_updated: (state, frame) => {
    state.title = frame.title as string | null;
  },
  member_joined: (state, frame) => {
    state.members[(frame.user as Body).id] = { role: String(frame.role), readSeq: 0 };
  },
  member_role: (state, frame) => {
    state.members[(frame.user as Body).id] = { role: String(frame.role), readSeq: 0 };
  },
  member_left: (state, frame) => {
    delete state.members[(frame.user as Body).id];
  },
  message: (state, frame) => {
    state.messages[Number(frame.seq)] = {
      body: String(frame.body),
      isEdited: frame.editedAt !== undefined,
      isDeleted: frame.deletedAt !== undefined,
      replyTo: (frame.replyTo as number | undefined) ?? null,
      reactions: {},
    };
  },
  message_edited: (state, frame) => {
    const message = state.messages[Number(frame.target)];
    if (!message || message.isDeleted) return;
    message.body = String(frame.body);
    message.isEdited = true;
  },
  message_deleted: (state, frame) => {
    const message = state.messages[Number(frame.target)];
    if (message) Object.assign(message, { body: "", isDeleted: true, reactions: {} });
  },
  reaction: (state, frame) => {
    const message = state.messages[Number(frame.target)];
    if (!message || message.isDeleted) return;
    const { id } = frame.author as Body;
    const emoji = String(frame.emoji);
    const others = (message.reactions[emoji] ?? []).filter((one) => one !== id);
    const people = frame.remove ? others : [...others, id].sort();
    if (people.length > 0) message.reactions[emoji] = people;
    else delete message.reactions[emoji];
  },
};
