import type { User } from "../rooms/rules/user.ts";
import type { UserChange } from "./online-users.ts";

/**
 * How long a closed socket counts as connected, with the rooms that it had open, ms: most clients reconnect at once, and
 * nobody needs to see them leave and come back.
 */
const GRACE_MS = 2_000;

/** `rooms`: how many sockets of the user have each room open. */
type LocalUser = { readonly user: User; sockets: number; readonly rooms: Map<string, number> };
type ClosedSocket = Readonly<{ userId: string; rooms: readonly string[]; until: number }>;

/**
 * The users connected to this instance and the rooms that they have open here. Limited by the sockets per user, and by
 * the rooms per socket.
 */
export class LocalPresence {
  readonly #onChange: (change: UserChange) => void;
  readonly #now: () => number;
  readonly #users = new Map<string, LocalUser>();
  /** In the order in which their time ends. */
  #closed: ClosedSocket[] = [];

  /** @param now monotonic, ms */
  constructor(onChange: (change: UserChange) => void, now: () => number) {
    this.#onChange = onChange;
    this.#now = now;
  }

  /** Notes a new socket of a user. */
  connected(user: User): void {
    const local = this.#users.get(user.id);
    if (local) {
      local.sockets += 1;
      return;
    }
    this.#users.set(user.id, { user, sockets: 1, rooms: new Map() });
    this.#onChange({ user });
  }

  /** Notes that a socket of a user has subscribed to a room. */
  readonly opened = (userId: string, room: string): void => {
    const local = this.#users.get(userId);
    if (!local) return;
    const sockets = local.rooms.get(room) ?? 0;
    local.rooms.set(room, sockets + 1);
    if (sockets === 0) this.#onChange({ user: local.user, opened: [room] });
  };

  /** Notes that a socket has unsubscribed from a room, or may no longer read it. */
  readonly closed = (userId: string, room: string): void => {
    const local = this.#users.get(userId);
    if (local) this.#close(local, [room]);
  };

  /** How many rooms the sockets of a user have open. */
  readonly roomsOf = (userId: string): number => this.#users.get(userId)?.rooms.size ?? 0;

  /** Notes that a socket has ended, which had these rooms open. It counts for `GRACE_MS` more. */
  disconnected(userId: string, rooms: readonly string[]): void {
    this.#closed.push({ userId, rooms, until: this.#now() + GRACE_MS });
  }

  /** Removes the sockets whose grace has ended; call it several times a second. */
  sweep(): void {
    const now = this.#now();
    let ended = 0;
    for (const { userId, rooms, until } of this.#closed) {
      if (until > now) break;
      ended += 1;
      const local = this.#users.get(userId);
      if (!local) continue;
      local.sockets -= 1;
      if (local.sockets > 0) this.#close(local, rooms);
      else this.#remove(local);
    }
    if (ended > 0) this.#closed = this.#closed.slice(ended);
  }

  /** All users of this instance with the rooms that they have open here. */
  all(): UserChange[] {
    return [...this.#users.values()].map(({ user, rooms }) => ({ user, opened: [...rooms.keys()] }));
  }

  #close(local: LocalUser, rooms: readonly string[]): void {
    const closed = rooms.filter((room) => {
      const sockets = local.rooms.get(room);
      if (sockets === undefined) return false;
      if (sockets > 1) local.rooms.set(room, sockets - 1);
      else local.rooms.delete(room);
      return sockets === 1;
    });
    if (closed.length > 0) this.#onChange({ user: local.user, closed });
  }

  #remove({ user }: LocalUser): void {
    this.#users.delete(user.id);
    this.#onChange({ user, isGone: true });
  }
}
