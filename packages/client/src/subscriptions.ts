import type { Connection } from "./connection.ts";
import { errorOf, ParleyError } from "./error.ts";
import type { Frame, RoomEvent, Subscribed } from "./frames.ts";
import { createId } from "./ids.ts";
import { type Reader, Subscription } from "./subscription.ts";
import type { Timers } from "./timers.ts";
import type { Release } from "./types.ts";

/** Rooms in one `resume` (protocol.md, Limits). */
const ROOMS_PER_FRAME = 150;
/** How long a room is listened to after nobody wants it any more, ms. */
export const LINGER_MS = 250;
/** Pause before a room is asked for again after a hole or a refusal, ms. */
const AGAIN_MS = 1_000;

/** Which rooms are listened to, from where, and who reads them. Each reader gets each event once and in order. */
export class Subscriptions {
  readonly #connection: Pick<Connection, "send" | "phase">;
  readonly #timers: Timers;
  readonly #rooms = new Map<string, Subscription>();
  #isFlushing = false;
  /** The last seq of the user's own room. */
  #ownSeq: number | undefined;

  constructor(connection: Pick<Connection, "send" | "phase">, timers: Timers) {
    this.#connection = connection;
    this.#timers = timers;
  }

  /** Adds a reader. Those who are at the place of the others hear what they hear; else the room is asked for again. */
  add(room: string, reader: Reader): Release {
    const sub = this.#rooms.get(room) ?? new Subscription(room);
    this.#rooms.set(room, sub);
    sub.stopLinger();
    const isThere = sub.isAt(reader.cursor);
    sub.readers.add(reader);
    if (isThere) reader.caughtUp(reader.cursor as number);
    else this.#want(sub);
    return () => {
      if (sub.readers.delete(reader) && sub.readers.size === 0) this.#linger(sub);
    };
  }

  /** Asks for a room again, from where its readers are. */
  again(room: string): void {
    const sub = this.#rooms.get(room);
    if (sub) this.#want(sub);
  }

  online(): void {
    for (const sub of this.#rooms.values()) this.#want(sub);
    if (this.#ownSeq !== undefined) this.#connection.send({ type: "resume", rooms: { "@me": this.#ownSeq } });
  }

  offline(): void {
    for (const sub of this.#rooms.values()) sub.offline();
  }

  take(frame: Frame): void {
    const { type, room, seq } = frame;
    if (type === "error") this.#refusedFrame(frame);
    if (room === "@me" && typeof seq === "number") this.#ownSeq = seq;
    const sub = this.#rooms.get(room ?? "");
    if (!sub) return;
    if (type === "subscribed") {
      if (sub.subscribed(frame as unknown as Subscribed)) this.#want(sub);
    } else if (type === "unsubscribed" && sub.state === "on")
      this.#refused(sub, new ParleyError("not_a_member"));
    else if (type === "caught_up") sub.caughtUp(Number(seq));
    else if (typeof seq === "number" && frame.at !== undefined) {
      if (!sub.pass(frame as unknown as RoomEvent)) this.#later(sub, AGAIN_MS);
    }
  }

  #want(sub: Subscription): void {
    sub.stopAgain();
    sub.state = "wanted";
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => this.#flush());
  }

  #later(sub: Subscription, ms: number): void {
    sub.stopAgain();
    sub.stopAgain = this.#timers.after(ms, () => this.#want(sub));
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#connection.phase !== "online") return;
    const wanted = [...this.#rooms.values()].filter((sub) => sub.state === "wanted" && sub.readers.size > 0);
    const known: [string, number][] = [];
    for (const sub of wanted) {
      const after = sub.place();
      sub.ask(after, createId());
      if (after !== undefined) known.push([sub.room, after]);
      else this.#connection.send({ type: "subscribe", id: sub.id, room: sub.room });
    }
    for (let i = 0; i < known.length; i += ROOMS_PER_FRAME) {
      const part = known.slice(i, i + ROOMS_PER_FRAME);
      const id = createId();
      for (const [room] of part) (this.#rooms.get(room) as Subscription).id = id;
      this.#connection.send({ type: "resume", id, rooms: Object.fromEntries(part) });
    }
  }

  #refusedFrame(frame: Frame): void {
    const path = String(frame.path ?? "");
    for (const sub of this.#rooms.values())
      if (sub.state === "asked" && sub.id === frame.id)
        if (!path.startsWith("/rooms/") || path === `/rooms/${sub.room}`) this.#refused(sub, errorOf(frame));
  }

  #refused(sub: Subscription, error: ParleyError): void {
    sub.state = "refused";
    if (error.isRetryable) this.#later(sub, error.retryAfterMs ?? AGAIN_MS);
    else for (const reader of [...sub.readers]) reader.error(error);
  }

  #linger(sub: Subscription): void {
    sub.stopLinger = this.#timers.after(LINGER_MS, () => {
      sub.stopAgain();
      this.#rooms.delete(sub.room);
      if (sub.state === "on" || sub.state === "asked")
        this.#connection.send({ type: "unsubscribe", room: sub.room });
    });
  }
}
