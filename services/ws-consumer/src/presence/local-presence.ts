import type { User } from "../rooms/rules/user.ts";
import type { PresenceUpdate } from "./online-users.ts";

type LocalUser = { readonly user: User; connections: number; readonly rooms: Set<string> };

/**
 * The users connected to this instance, and the changes that other instances do not know yet. Changes gather until they
 * are taken, so that many share a message.
 */
export class LocalPresence {
  readonly #instance: string;
  readonly #users = new Map<string, LocalUser>();
  readonly #came = new Map<string, Set<string>>();
  readonly #went = new Set<string>();

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** Notes a new connection of a user. */
  connected(user: User): void {
    const local = this.#users.get(user.id);
    if (local) {
      local.connections += 1;
      return;
    }
    this.#users.set(user.id, { user, connections: 1, rooms: new Set() });
    this.#went.delete(user.id);
    this.#came.set(user.id, new Set());
  }

  /** Notes that a user has subscribed to a room. */
  readonly opened = (userId: string, room: string): void => {
    const local = this.#users.get(userId);
    if (!local || local.rooms.has(room)) return;
    local.rooms.add(room);
    const rooms = this.#came.get(userId) ?? new Set();
    this.#came.set(userId, rooms.add(room));
  };

  /** Notes that a connection of a user has ended. */
  disconnected(userId: string): void {
    const local = this.#users.get(userId);
    if (!local) return;
    local.connections -= 1;
    if (local.connections > 0) return;
    this.#users.delete(userId);
    this.#came.delete(userId);
    this.#went.add(userId);
  }

  /** Returns the changes since the last call; undefined if there are none. */
  takeChanges(): PresenceUpdate | undefined {
    if (this.#came.size === 0 && this.#went.size === 0) return undefined;
    const came = [...this.#came].flatMap(([id, rooms]) => {
      const local = this.#users.get(id);
      return local ? [{ user: local.user, rooms: [...rooms] }] : [];
    });
    const went = [...this.#went];
    this.#came.clear();
    this.#went.clear();
    return { instance: this.#instance, came, went };
  }

  /** All users of this instance with their rooms, for an instance that has just started. */
  all(): PresenceUpdate {
    const came = [...this.#users.values()].map(({ user, rooms }) => ({ user, rooms: [...rooms] }));
    return { instance: this.#instance, came, went: [] };
  }

  /** The heartbeat: ids of all users of this instance. */
  heartbeat(): PresenceUpdate {
    return { instance: this.#instance, came: [], went: [], alive: [...this.#users.keys()] };
  }
}
