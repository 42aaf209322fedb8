import { ReconnectingClient } from "@parley/bench/chaos/client-socket";
import type { WebSocket } from "ws";
import type { Frame } from "./frame-socket.ts";

type MessageState = {
  seq: number;
  body: string;
  isEdited: boolean;
  isDeleted: boolean;
  replyTo: number | null;
};
/** The state of a room as a client sees it, in a form that can be compared; reactions by emoji with their number. */
export type RoomState = {
  title: string | null;
  members: Record<string, { role: string; readSeq: number }>;
  messages: (MessageState & { reactions: Record<string, number> })[];
};

type Body = { id: string; username: string };

/**
 * A client that builds the state of a room from its frames alone, from the first one on, and resumes by seq after each
 * lost connection.
 */
export class Replica extends ReconnectingClient {
  /** Frames that broke the order. */
  readonly anomalies: string[] = [];
  seq = 0;
  readonly #room: string;
  #title: string | null = null;
  readonly #roles = new Map<string, string>();
  /** Apart from the members: a read frame may come before the `member_joined` of its user. */
  readonly #reads = new Map<string, number>();
  readonly #messages = new Map<number, MessageState & { reactions: Map<string, Set<string>> }>();

  constructor(url: string, token: string, room: string) {
    super(url, token);
    this.#room = room;
  }

  /** The state now. */
  get view(): RoomState {
    const members = [...this.#roles].map(([id, role]) => [id, { role, readSeq: this.#reads.get(id) ?? 0 }]);
    const messages = [...this.#messages.values()].map(({ reactions, ...message }) => {
      const shown = [...reactions].filter(([, people]) => people.size > 0);
      return { ...message, reactions: Object.fromEntries(shown.map(([emoji, { size }]) => [emoji, size])) };
    });
    return { title: this.#title, members: Object.fromEntries(members), messages };
  }

  protected onOpen(ws: WebSocket): void {
    ws.send(JSON.stringify({ type: "resume", rooms: { [this.#room]: this.seq } }));
  }

  protected onFrame(_ws: WebSocket, frame: Frame): void {
    if (frame.type === "error") this.anomalies.push(JSON.stringify(frame));
    if (frame.type === "read") this.#read(frame.user as Body, frame.seq);
    if (typeof frame.seq !== "number" || frame.room !== this.#room) return;
    if (frame.type === "caught_up" || frame.type === "read") return;
    if (frame.seq !== this.seq + 1) this.anomalies.push(`seq ${frame.seq} after ${this.seq}`);
    this.seq = frame.seq;
    if (frame.type === "message") this.#add(frame);
    else if (frame.target !== undefined) this.#change(frame);
    else this.#changeRoom(frame);
  }

  #read({ id }: Body, seq: unknown): void {
    this.#reads.set(id, Math.max(Number(seq), this.#reads.get(id) ?? 0));
  }

  #add({ seq, body, editedAt, deletedAt, replyTo = null }: Frame): void {
    this.#messages.set(Number(seq), {
      seq: Number(seq),
      body: String(body),
      isEdited: editedAt !== undefined,
      isDeleted: deletedAt !== undefined,
      replyTo: replyTo as number | null,
      reactions: new Map(),
    });
  }

  #change({ type, target, body, author, emoji, remove }: Frame): void {
    const message = this.#messages.get(Number(target));
    if (!message || message.isDeleted) return;
    if (type === "message_edited") Object.assign(message, { body, isEdited: true });
    if (type === "message_deleted")
      Object.assign(message, { body: "", isDeleted: true, reactions: new Map() });
    if (type !== "reaction") return;
    const people = message.reactions.get(String(emoji)) ?? new Set();
    message.reactions.set(String(emoji), people);
    if (remove) people.delete((author as Body).id);
    else people.add((author as Body).id);
  }

  #changeRoom({ type, title, user, role, readSeq }: Frame): void {
    if (type === "room_updated") this.#title = title as string | null;
    if (type === "member_joined" || type === "member_role") this.#roles.set((user as Body).id, String(role));
    if (type === "member_joined") this.#read(user as Body, readSeq);
    if (type !== "member_left") return;
    this.#roles.delete((user as Body).id);
    this.#reads.delete((user as Body).id);
  }
}
