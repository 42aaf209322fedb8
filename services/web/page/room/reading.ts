import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { inboxPhase, markRead, summaryOf } from "../state/inbox.ts";
import type { RoomContext } from "./room-context.ts";

const isLooking = (): boolean => document.visibilityState === "visible" && document.hasFocus();
/** Whether somebody looks at this page: it is visible and has the focus. */
const looking = signal(isLooking());
for (const name of ["focus", "blur", "visibilitychange", "pageshow"])
  addEventListener(
    name,
    () => {
      looking.value = isLooking();
    },
    true,
  );

/** Where the unread line of a room is, and how far it was read while it is open. */
export class Reading {
  /** The line is before the first message of somebody else after this seq; undefined: there is none. */
  readonly unreadAfter = signal<number | undefined>(undefined);
  readonly #context: RoomContext;
  #isTaken = false;
  #told = 0;
  #seen = 0;

  constructor(context: RoomContext) {
    this.#context = context;
    if (inboxPhase.peek() !== "loading") this.#take();
  }

  /** Takes the place of the unread line before anything is told to be read, and follows who looks. */
  start(): () => void {
    return effect(() => {
      if (inboxPhase.value !== "loading") this.#take();
      if (looking.value) this.#tell();
    });
  }

  /** The reader has seen everything up to a seq. */
  seen(seq: number): void {
    this.#seen = this.#isTaken ? Math.max(this.#seen, seq) : seq;
    this.#tell();
  }

  #take(): void {
    const summary = summaryOf(this.#context.room.id);
    if (this.#isTaken || !summary) return;
    this.#isTaken = inboxPhase.value === "live";
    this.#told = summary.readSeq;
    // What was kept may say less than the server, which also takes the line away.
    const after = summary.unread === 0 ? undefined : summary.readSeq;
    if (this.unreadAfter.peek() === after) return;
    this.unreadAfter.value = after;
    // The list is shown again with the line, perhaps at another place: what was seen is told anew.
    if (after !== undefined) this.#seen = 0;
  }

  #tell(): void {
    if (!this.#isTaken || !looking.peek() || this.#seen <= this.#told) return;
    this.#told = this.#seen;
    this.#context.room.read(this.#seen);
    markRead(this.#context.room.id, this.#seen);
  }
}

/** Follows the reader of a room for as long as it is shown. */
export function useReading(reading: Reading): void {
  useEffect(() => reading.start(), [reading]);
}
