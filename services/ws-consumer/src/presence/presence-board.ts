import type { Person } from "./typing.ts";

/** Who is online at one instance. Sent when it changes; `isAll` answers one that asks. */
export type PresenceNews = Readonly<{
  instance: string;
  /** Who is online there now, and the rooms they have opened since the last news. */
  came: readonly Readonly<{ user: Person; rooms: readonly string[] }>[];
  /** Who has no connection there any more. */
  went: readonly string[];
  /** Who is still there: without it for a while they count as gone. */
  alive?: readonly string[];
}>;

/** Tells those who have one of these rooms open that someone came or went. It may be lost. */
export type TellPresence = (
  user: Person,
  isOnline: boolean,
  lastSeen: Date | null,
  rooms: ReadonlySet<string>,
) => void;

/** How long an instance is believed without a word, ms: a consumer that crashed takes its users off line. */
const EXPIRY_MS = 15_000;
/** How long someone without a connection still counts as online, ms: most come right back. */
const GRACE_MS = 2_000;

export type Presence = Readonly<{ user: Person; isOnline: boolean; lastSeen: Date | null }>;

type Known = {
  readonly user: Person;
  /** Until when each instance is believed to have a connection of this user; monotonic, ms. */
  readonly until: Map<string, number>;
  readonly rooms: Set<string>;
  leftAt: number | undefined;
};

/**
 * Who is online anywhere, as all instances tell one another by core NATS. Nothing of it touches the log or the
 * writer. Someone is online with the first connection and off line a moment after the last has ended.
 */
export class PresenceBoard {
  readonly #tell: TellPresence;
  readonly #onGone: (userIds: readonly string[]) => void;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(tell: TellPresence, onGone: (userIds: readonly string[]) => void, now: () => number) {
    this.#tell = tell;
    this.#onGone = onGone;
    this.#now = now;
  }

  hear({ instance, came, went, alive = [] }: PresenceNews): void {
    const until = this.#now() + EXPIRY_MS;
    for (const { user, rooms } of came) this.#came(instance, user, rooms, until);
    for (const id of alive) this.#known.get(id)?.until.set(instance, until);
    for (const id of went) {
      const known = this.#known.get(id);
      if (known?.until.delete(instance) && known.until.size === 0) known.leftAt = this.#now();
    }
  }

  #came(instance: string, user: Person, rooms: readonly string[], until: number): void {
    let known = this.#known.get(user.id);
    if (!known) {
      known = { user, until: new Map(), rooms: new Set(), leftAt: undefined };
      this.#known.set(user.id, known);
    }
    known.until.set(instance, until);
    known.leftAt = undefined;
    const fresh = new Set(rooms.filter((room) => !known.rooms.has(room)));
    for (const room of fresh) known.rooms.add(room);
    if (fresh.size > 0) this.#tell(user, true, null, fresh);
  }

  /** Takes those off line whose connections ended, or whose instance has fallen silent. */
  sweep(): void {
    const now = this.#now();
    const gone: string[] = [];
    for (const [id, known] of this.#known) {
      for (const [instance, until] of known.until) if (until <= now) known.until.delete(instance);
      if (known.until.size > 0) continue;
      known.leftAt ??= now - GRACE_MS;
      if (now - known.leftAt < GRACE_MS) continue;
      this.#known.delete(id);
      gone.push(id);
      this.#tell(known.user, false, new Date(), known.rooms);
    }
    if (gone.length > 0) this.#onGone(gone);
  }

  isOnline(userId: string): boolean {
    return this.#known.has(userId);
  }

  /** Who is online, at most `limit`; with a room only those who have it open. */
  online(limit: number, room?: string): Person[] {
    const people: Person[] = [];
    for (const { user, rooms } of this.#known.values()) {
      if (people.length >= limit) break;
      if (room === undefined || rooms.has(room)) people.push(user);
    }
    return people;
  }
}
