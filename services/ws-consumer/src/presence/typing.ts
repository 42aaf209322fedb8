import type { User } from "../rooms/rules/user.ts";

/** Broadcasts to the listeners of a room that a user types or has stopped. It may be lost. */
type BroadcastTyping = (room: string, user: User, isTyping: boolean) => void;

/** Typing ends this long after the last notice, ms. */
const TYPING_MS = 5_000;
/** Limit of users who type at one time, in all rooms; further ones are ignored. */
const TYPING_MAX = 10_000;

/**
 * Who is typing in which room. Only changes are broadcast: repeated notices extend the time, and typing ends by itself
 * after five seconds without one, for instance when the connection breaks.
 */
export class Typing {
  readonly #broadcast: BroadcastTyping;
  readonly #now: () => number;
  /** By room and user, in the order in which they end. */
  readonly #typing = new Map<string, { room: string; user: User; until: number }>();

  constructor(broadcast: BroadcastTyping, now: () => number) {
    this.#broadcast = broadcast;
    this.#now = now;
  }

  /** Applies a notice that a user types or has stopped. */
  apply(room: string, user: User, isTyping: boolean): void {
    const key = `${room} ${user.id}`;
    const wasTyping = this.#typing.delete(key);
    if (isTyping && this.#typing.size < TYPING_MAX)
      this.#typing.set(key, { room, user, until: this.#now() + TYPING_MS });
    if (wasTyping !== isTyping) this.#broadcast(room, user, isTyping);
  }

  /** Ends typing that was not extended in time. */
  sweep(): void {
    const now = this.#now();
    for (const [key, { room, user, until }] of this.#typing) {
      if (until > now) return;
      this.#typing.delete(key);
      this.#broadcast(room, user, false);
    }
  }
}
