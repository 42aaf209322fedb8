import type { PresenceNews } from "./presence-board.ts";
import type { Person } from "./typing.ts";

type Local = { readonly user: Person; connections: number; readonly rooms: Set<string> };

/**
 * Who is connected to this instance, and what of it the others have not been told yet. Changes gather until they are
 * taken, so that many at once are one message.
 */
export class LocalPresence {
  readonly #instance: string;
  readonly #users = new Map<string, Local>();
  readonly #came = new Map<string, Set<string>>();
  readonly #went = new Set<string>();

  constructor(instance: string) {
    this.#instance = instance;
  }

  connected(user: Person): void {
    const local = this.#users.get(user.id);
    if (local) {
      local.connections += 1;
      return;
    }
    this.#users.set(user.id, { user, connections: 1, rooms: new Set() });
    this.#went.delete(user.id);
    this.#came.set(user.id, new Set());
  }

  opened = (userId: string, room: string): void => {
    const local = this.#users.get(userId);
    if (!local || local.rooms.has(room)) return;
    local.rooms.add(room);
    const rooms = this.#came.get(userId) ?? new Set();
    this.#came.set(userId, rooms.add(room));
  };

  disconnected(userId: string): void {
    const local = this.#users.get(userId);
    if (!local) return;
    local.connections -= 1;
    if (local.connections > 0) return;
    this.#users.delete(userId);
    this.#came.delete(userId);
    this.#went.add(userId);
  }

  /** What has changed since the last time; undefined if nothing has. */
  takeNews(): PresenceNews | undefined {
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

  /** Everybody who is here, for an instance that knows nothing yet. */
  all(): PresenceNews {
    const came = [...this.#users.values()].map(({ user, rooms }) => ({ user, rooms: [...rooms] }));
    return { instance: this.#instance, came, went: [] };
  }

  /** That everybody who is here still is. */
  alive(): PresenceNews {
    return { instance: this.#instance, came: [], went: [], alive: [...this.#users.keys()] };
  }
}
