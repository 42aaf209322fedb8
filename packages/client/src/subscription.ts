import type { ParleyError } from "./error.ts";
import type { Frame, RoomEvent, Subscribed } from "./frames.ts";
import type { Release } from "./types.ts";

/** Somebody who reads a room, each at an own place. */
export interface Reader {
  /** The last seq it has; undefined begins with what is new. */
  cursor: number | undefined;
  take(event: RoomEvent): void;
  /** What comes up to `to` is not replayed. Moves the cursor, or fetches it and asks for the room again. */
  gap(to: number): void;
  /** The room has gone back behind the cursor. */
  reset(): void;
  /** The replay is done up to `seq`, or nothing was to be replayed. */
  caughtUp(seq: number): void;
  error(error: ParleyError): void;
}

const nothing = (): void => undefined;

/** One room that is listened to. */
export class Subscription {
  readonly room: string;
  readonly readers = new Set<Reader>();
  /** `asked`: the answer to `id` is awaited. `refused`: not asked for any more by itself. */
  state: "wanted" | "asked" | "on" | "refused" = "wanted";
  id = "";
  stopAgain: Release = nothing;
  stopLinger: Release = nothing;
  /** From where it was asked for; undefined begins with what is new. */
  after: number | undefined;
  /** The last seq that came. */
  #seq: number | undefined;
  /** A reader is beyond the head that was told: the server is asked about that place, for its view may be an old one. */
  #isDoubtful = false;

  constructor(room: string) {
    this.room = room;
  }

  /** Whether what comes next is what a reader at `cursor` lacks. */
  isAt(cursor: number | undefined): boolean {
    return this.state === "on" && cursor === this.#seq;
  }

  /** It is asked for by a frame of that id, from the earliest of its readers' places, or the one that is in doubt. */
  ask(id: string): void {
    const cursors = [...this.readers].flatMap(({ cursor }) => cursor ?? []);
    this.after = cursors.length > 0 ? Math[this.#isDoubtful ? "max" : "min"](...cursors) : undefined;
    this.id = id;
    this.state = "asked";
  }

  /** Whether an error is the answer to the last question; its path names a room if the frame had several. */
  isRefusedBy({ id, path }: Frame): boolean {
    const isOthers = /^\/rooms\//.test(String(path)) && path !== `/rooms/${this.room}`;
    return this.state === "asked" && this.id === id && !isOthers;
  }

  offline(): void {
    this.stopAgain();
    if (this.state !== "refused") this.state = "wanted";
  }

  /**
   * The server's answer, ignored unless it is to the last question: tabs may share a socket. Returns whether the room
   * has to be asked for again, from another place.
   */
  subscribed(frame: Subscribed): boolean {
    if (this.state !== "asked" || frame.id !== this.id) return false;
    const after = this.after ?? frame.head;
    this.state = "on";
    this.#seq = frame.outcome === "gap" ? frame.to : after;
    this.#isDoubtful = false;
    let isAgain = false;
    for (const reader of [...this.readers]) if (this.#answer(reader, after, frame)) isAgain = true;
    return isAgain;
  }

  /** Tells one reader. Returns whether it needs another answer. */
  #answer(reader: Reader, after: number, { head, outcome, to = 0 }: Subscribed): boolean {
    const { cursor } = reader;
    reader.cursor ??= head;
    if (cursor === undefined) reader.caughtUp(head);
    else if (cursor > head && after > head) reader.reset();
    else if (cursor > head) this.#isDoubtful = true;
    else if (outcome === "gap" && cursor < to) reader.gap(to);
    return this.#isDoubtful || (cursor ?? after) < after;
  }

  caughtUp(seq: number): void {
    if (this.state === "on") for (const reader of [...this.readers]) reader.caughtUp(seq);
  }

  /** Hands an event to the readers whose next one it is; false if one of them lacks something before it. */
  pass(event: RoomEvent): boolean {
    let isWhole = true;
    // The user's own room is heard from the first moment of a connection, before it is asked for.
    if (this.state === "on" || this.room === "@me") {
      const { seq } = event;
      this.#seq = seq;
      for (const reader of [...this.readers]) {
        reader.cursor ??= seq - 1;
        if (seq === reader.cursor + 1) {
          reader.cursor = seq;
          reader.take(event);
        } else if (seq > reader.cursor) isWhole = false;
      }
    }
    return isWhole;
  }
}
