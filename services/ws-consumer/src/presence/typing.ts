/** Someone, as others see them. */
export type Person = Readonly<{ id: string; username: string }>;

/** Tells who has a room open here, except the person itself, that it writes or has stopped. It may be lost. */
export type TellTyping = (room: string, user: Person, isTyping: boolean) => void;

/** Typing ends by itself after so long without a word, ms. */
const TYPING_MS = 5_000;
/** People that are known to write at once, in all rooms; more are not told of. */
const TYPING_MAX = 10_000;

/**
 * Who writes in which room, as far as anybody here listens. Only changes are told: someone who goes on writing is
 * told of once, and one who falls silent, or whose connection breaks, stops after five seconds.
 */
export class Typing {
  readonly #tell: TellTyping;
  readonly #now: () => number;
  /** By room and user, in the order of their ends. */
  readonly #typing = new Map<string, { room: string; user: Person; until: number }>();

  constructor(tell: TellTyping, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  /** Somebody says that they write, or have stopped. */
  hear(room: string, user: Person, isTyping: boolean): void {
    const key = `${room} ${user.id}`;
    const wasTyping = this.#typing.delete(key);
    if (isTyping && this.#typing.size < TYPING_MAX)
      this.#typing.set(key, { room, user, until: this.#now() + TYPING_MS });
    if (wasTyping !== isTyping) this.#tell(room, user, isTyping);
  }

  /** Ends what was not renewed in time. */
  sweep(): void {
    const now = this.#now();
    for (const [key, { room, user, until }] of this.#typing) {
      if (until > now) return;
      this.#typing.delete(key);
      this.#tell(room, user, false);
    }
  }
}
