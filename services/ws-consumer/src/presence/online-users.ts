import type { User } from "../rooms/rules/user.ts";

/** What one instance announces of its users: changes, all of them, or a heartbeat. */
export type PresenceUpdate = Readonly<{
  instance: string;
  /** Users who are online there, with the rooms that they have opened since the last update. */
  came: readonly Readonly<{ user: User; rooms: readonly string[] }>[];
  /** Ids of users whose last connection there has ended. */
  went: readonly string[];
  /** Heartbeat: ids of all users there. */
  alive?: readonly string[];
}>;

/** Broadcasts to the listeners of these rooms that a user came online or went offline. It may be lost. */
type BroadcastPresence = (
  user: User,
  isOnline: boolean,
  lastSeen: Date | null,
  rooms: ReadonlySet<string>,
) => void;

/** A user without a heartbeat of an instance is no longer connected there, ms: its process may have been killed. */
const EXPIRY_MS = 15_000;
/** How long a user without a connection still counts as online, ms: most reconnect at once. */
const GRACE_MS = 2_000;

type OnlineUser = {
  readonly user: User;
  /** For each instance with a connection of the user, when that expires; monotonic, ms. */
  readonly until: Map<string, number>;
  readonly rooms: Set<string>;
  leftAt: number | undefined;
};

/**
 * The users who are online at any instance, from what instances announce by core NATS. Nothing of it touches the log or
 * the writers (docs/decisions/0015). A user is online from the first connection until `GRACE_MS` after the end of the
 * last.
 */
export class OnlineUsers {
  readonly #broadcast: BroadcastPresence;
  readonly #onGone: (userIds: readonly string[]) => void;
  readonly #now: () => number;
  readonly #users = new Map<string, OnlineUser>();

  constructor(broadcast: BroadcastPresence, onGone: (userIds: readonly string[]) => void, now: () => number) {
    this.#broadcast = broadcast;
    this.#onGone = onGone;
    this.#now = now;
  }

  /** Applies an update of this instance or another. */
  apply({ instance, came, went, alive = [] }: PresenceUpdate): void {
    const until = this.#now() + EXPIRY_MS;
    for (const { user, rooms } of came) this.#came(instance, user, rooms, until);
    for (const id of alive) this.#users.get(id)?.until.set(instance, until);
    for (const id of went) {
      const online = this.#users.get(id);
      if (online?.until.delete(instance) && online.until.size === 0) online.leftAt = this.#now();
    }
  }

  #came(instance: string, user: User, rooms: readonly string[], until: number): void {
    let online = this.#users.get(user.id);
    if (!online) {
      online = { user, until: new Map(), rooms: new Set(), leftAt: undefined };
      this.#users.set(user.id, online);
    }
    online.until.set(instance, until);
    online.leftAt = undefined;
    const fresh = new Set(rooms.filter((room) => !online.rooms.has(room)));
    for (const room of fresh) online.rooms.add(room);
    if (fresh.size > 0) this.#broadcast(user, true, null, fresh);
  }

  /** Removes users whose connections have ended or whose instance has fallen silent; call it twice a second or so. */
  sweep(): void {
    const now = this.#now();
    const gone: string[] = [];
    for (const [id, online] of this.#users) {
      for (const [instance, until] of online.until) if (until <= now) online.until.delete(instance);
      if (online.until.size > 0) continue;
      online.leftAt ??= now - GRACE_MS;
      if (now - online.leftAt < GRACE_MS) continue;
      this.#users.delete(id);
      gone.push(id);
      this.#broadcast(online.user, false, new Date(), online.rooms);
    }
    if (gone.length > 0) this.#onGone(gone);
  }

  has(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** Lists users who are online, at most `limit`; with a room, only those who have it open. */
  list(limit: number, room?: string): User[] {
    const users: User[] = [];
    for (const { user, rooms } of this.#users.values()) {
      if (users.length >= limit) break;
      if (room === undefined || rooms.has(room)) users.push(user);
    }
    return users;
  }
}
