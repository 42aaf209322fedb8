import type { User } from "../rooms/rules/user.ts";

/** What changed for one user at one instance. */
export type UserChange = Readonly<{
  user: User;
  /** Rooms that the user has open there from now on. */
  opened?: readonly string[];
  /** Rooms that the user no longer has open there. */
  closed?: readonly string[];
  /** The user is no longer connected there; all rooms are closed. */
  isGone?: boolean;
}>;

/** Learns of changes that matter beyond one instance. */
export interface PresenceObserver {
  /** A user has a room open at some instance, who had it open nowhere before. */
  opened(user: User, room: string): void;
  /** A user has a room open nowhere any more; it comes before `gone`. */
  closed(user: User, room: string): void;
  /** A user is no longer connected anywhere. */
  gone(user: User): void;
}

/** Most users, and most open rooms of all users together, that are kept; further ones are ignored. */
const USERS_MAX = 500_000;
const OPEN_ROOMS_MAX = 2_000_000;

type InstanceUser = Readonly<{ user: User; rooms: Set<string> }>;
type OnlineUser = { readonly user: User; instances: number };

/**
 * The users who are online at any instance, and the rooms that they have open. Nothing of it touches the log or the
 * writers (docs/decisions/0015).
 */
export class OnlineUsers {
  readonly #observer: PresenceObserver;
  /** By instance and user id. */
  readonly #instances = new Map<string, Map<string, InstanceUser>>();
  /** By user id. */
  readonly #users = new Map<string, OnlineUser>();
  /** By room and user id: the number of instances at which the user has the room open. */
  readonly #rooms = new Map<string, Map<string, number>>();
  #openRooms = 0;

  constructor(observer: PresenceObserver) {
    this.#observer = observer;
  }

  /** Applies a change at one instance. Applying it again changes nothing. */
  apply(instance: string, { user, opened = [], closed = [], isGone = false }: UserChange): void {
    const users = this.#instances.get(instance) ?? new Map<string, InstanceUser>();
    const here = users.get(user.id) ?? (isGone ? undefined : this.#enter(users, user));
    if (!here) return;
    this.#instances.set(instance, users);
    for (const room of opened) this.#open(here, room);
    for (const room of isGone ? [...here.rooms] : closed) this.#close(here, room);
    if (isGone) this.#leave(users, here);
  }

  /** Replaces everything that is known of an instance. A user may come in several parts. */
  replace(instance: string, states: readonly UserChange[]): void {
    const wanted = new Map<string, Set<string>>();
    for (const { user, opened = [] } of states) {
      const rooms = wanted.get(user.id) ?? new Set();
      wanted.set(user.id, rooms);
      for (const room of opened) rooms.add(room);
    }
    for (const { user, rooms } of [...(this.#instances.get(instance)?.values() ?? [])]) {
      const open = wanted.get(user.id);
      if (open) this.apply(instance, { user, closed: [...rooms].filter((room) => !open.has(room)) });
      else this.apply(instance, { user, isGone: true });
    }
    for (const state of states) this.apply(instance, state);
  }

  /** Removes an instance with its users. */
  remove(instance: string): void {
    this.replace(instance, []);
    this.#instances.delete(instance);
  }

  has(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** How many users have a room open. */
  count(room: string): number {
    return this.#rooms.get(room)?.size ?? 0;
  }

  /** Lists users who are online, at most `limit`; with a room, only those who have it open. */
  list(limit: number, room?: string): User[] {
    const users: User[] = [];
    for (const id of (room === undefined ? this.#users : this.#rooms.get(room))?.keys() ?? []) {
      if (users.length >= limit) break;
      const online = this.#users.get(id);
      if (online) users.push(online.user);
    }
    return users;
  }

  #enter(users: Map<string, InstanceUser>, user: User): InstanceUser | undefined {
    const online = this.#users.get(user.id);
    if (!online && this.#users.size >= USERS_MAX) return undefined;
    if (online) online.instances += 1;
    else this.#users.set(user.id, { user, instances: 1 });
    const here = { user, rooms: new Set<string>() };
    users.set(user.id, here);
    return here;
  }

  #leave(users: Map<string, InstanceUser>, { user }: InstanceUser): void {
    users.delete(user.id);
    const online = this.#users.get(user.id);
    if (!online) return;
    online.instances -= 1;
    if (online.instances > 0) return;
    this.#users.delete(user.id);
    this.#observer.gone(user);
  }

  #open({ user, rooms }: InstanceUser, room: string): void {
    if (rooms.has(room) || this.#openRooms >= OPEN_ROOMS_MAX) return;
    rooms.add(room);
    this.#openRooms += 1;
    const users = this.#rooms.get(room) ?? new Map<string, number>();
    this.#rooms.set(room, users);
    const instances = users.get(user.id) ?? 0;
    users.set(user.id, instances + 1);
    if (instances === 0) this.#observer.opened(user, room);
  }

  #close({ user, rooms }: InstanceUser, room: string): void {
    if (!rooms.delete(room)) return;
    this.#openRooms -= 1;
    const users = this.#rooms.get(room);
    const instances = users?.get(user.id) ?? 0;
    if (instances > 1) {
      users?.set(user.id, instances - 1);
      return;
    }
    users?.delete(user.id);
    if (users?.size === 0) this.#rooms.delete(room);
    this.#observer.closed(user, room);
  }
}
