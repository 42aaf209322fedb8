import { eventTypeOf } from "@parley/protocol/events";
import type { MessageFrame } from "@parley/protocol/message";
import type { DeliverFrames } from "../delivery/local-delivery.ts";
import type { User } from "../rooms/rules/user.ts";

/** Broadcasts to the listeners of a room that a user types or has stopped. It may be lost. */
type BroadcastTyping = (room: string, user: User, isTyping: boolean) => void;

/** Typing ends this long after the last notice, ms. */
const TYPING_MS = 5_000;
/** Limit of users who type at one time, in all rooms; further ones are ignored. */
const TYPING_MAX = 10_000;

/**
 * Who is typing in which room. Only changes are broadcast: repeated notices extend the time. Typing ends with a notice
 * (also sent when the socket ends), with the message that it announced, and by itself after five seconds.
 */
export class Typing {
  readonly #broadcast: BroadcastTyping;
  readonly #now: () => number;
  /** By room and user, in the order in which they end. */
  readonly #typing = new Map<string, { room: string; user: User; until: number }>();
  /** How many users type in each room. */
  readonly #rooms = new Map<string, number>();

  constructor(broadcast: BroadcastTyping, now: () => number) {
    this.#broadcast = broadcast;
    this.#now = now;
  }

  /** Applies a notice that a user types or has stopped. */
  apply(room: string, user: User, isTyping: boolean): void {
    const key = keyOf(room, user.id);
    const wasTyping = this.#end(key);
    if (isTyping && this.#typing.size < TYPING_MAX) {
      this.#typing.set(key, { room, user, until: this.#now() + TYPING_MS });
      this.#rooms.set(room, (this.#rooms.get(room) ?? 0) + 1);
    }
    if (wasTyping !== isTyping) this.#broadcast(room, user, isTyping);
  }

  /** Ends the typing of the authors of new messages. Frames are parsed only where somebody types. */
  readonly deliver: DeliverFrames = (room, _first, frames) => {
    if (!this.#rooms.has(room)) return;
    for (const frame of frames) {
      if (eventTypeOf(frame) !== undefined) continue;
      const { author } = JSON.parse(frame) as MessageFrame;
      if (this.#end(keyOf(room, author.id))) this.#broadcast(room, author, false);
    }
  };

  /** Ends typing that was not extended in time. */
  sweep(): void {
    const now = this.#now();
    for (const [key, { room, user, until }] of this.#typing) {
      if (until > now) return;
      this.#end(key);
      this.#broadcast(room, user, false);
    }
  }

  /** Returns whether there was something to end. */
  #end(key: string): boolean {
    const typing = this.#typing.get(key);
    if (!typing) return false;
    this.#typing.delete(key);
    const left = (this.#rooms.get(typing.room) ?? 1) - 1;
    if (left > 0) this.#rooms.set(typing.room, left);
    else this.#rooms.delete(typing.room);
    return true;
  }
}

const keyOf = (room: string, userId: string) => `${room} ${userId}`;
