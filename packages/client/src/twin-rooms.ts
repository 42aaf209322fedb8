import type { Message, Reaction, RoomEvent, User } from "./frames.ts";

/** An event without what the room adds to it. */
export type NewEvent = { type: RoomEvent["type"]; author: User; id: string; [field: string]: unknown };

/** A room of the twin: its events in order, and each id of an author once. */
export class TwinRoom {
  readonly id: string;
  readonly events: RoomEvent[] = [];
  readonly #known = new Map<string, RoomEvent>();

  constructor(id: string) {
    this.id = id;
  }

  get head(): number {
    return this.events.length;
  }

  /** Appends an event; the same id of the same author again changes nothing. */
  append(event: NewEvent): { event: RoomEvent; isNew: boolean } {
    const key = `${event.type} ${event.author.id} ${event.id}`;
    const known = this.#known.get(key);
    if (known) return { event: known, isNew: false };
    const at = new Date().toISOString();
    const placed = { ...event, room: this.id, seq: this.head + 1, at } as unknown as RoomEvent;
    this.#known.set(key, placed);
    this.events.push(placed);
    return { event: placed, isNew: true };
  }

  /** Forgets the newest events, as a server does that was restored from a backup. */
  restore(head: number): void {
    this.events.length = head;
    for (const [key, { seq }] of this.#known) if (seq > head) this.#known.delete(key);
  }

  /** Messages as edits, deletions and reactions have left them. */
  messages(me: string): Message[] {
    const messages = this.events.filter((one) => one.type === "message");
    return messages.map((message) => this.#asLeft(message, me));
  }

  #asLeft(message: Message, me: string): Message {
    const left: Message = { ...message };
    const reactions = new Map<string, Set<string>>();
    for (const event of this.events) {
      if (!("target" in event) || event.target !== message.seq || left.deletedAt) continue;
      if (event.type === "message_edited") Object.assign(left, { body: event.body, editedAt: event.at });
      else if (event.type === "message_deleted") Object.assign(left, { body: "", deletedAt: event.at });
      else if (event.remove) reactions.get(event.emoji)?.delete(event.author.id);
      else reactions.set(event.emoji, (reactions.get(event.emoji) ?? new Set()).add(event.author.id));
    }
    const counted: Reaction[] = [...reactions]
      .filter(([, users]) => users.size > 0)
      .map(([emoji, users]) => ({ emoji, count: users.size, mine: users.has(me) }));
    if (counted.length > 0 && !left.deletedAt) left.reactions = counted;
    return left;
  }
}
