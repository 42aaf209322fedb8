import type { PresenceFrame, RoomPresenceFrame } from "@parley/protocol/server-frames";
import type { User } from "../rooms/rules/user.ts";
import type { OnlineUsers, PresenceObserver } from "./online-users.ts";

/** Sends a frame to each listener of these rooms here, except those of one user. It may be lost. */
type Broadcast = (
  rooms: Iterable<string>,
  frame: PresenceFrame | RoomPresenceFrame,
  exceptUserId: string,
) => void;

/** Users of a room up to which everybody is told of everybody. */
export const CROWD_MIN = 100;
/** Users of a room at which a crowd ends; below `CROWD_MIN`, so that a room does not become one again at once. */
const CROWD_END = 80;
/** Users whose coming or leaving is told in one frame of a crowd: the latest. */
const CROWD_CHANGES_MAX = 20;
const NOBODY = "";

type UserNews = { readonly user: User; readonly opened: Set<string>; readonly closed: Set<string> };
type CrowdNews = { readonly user: User; readonly isHere: boolean };

/**
 * Gathers who opened and closed which rooms, and tells the listeners here. In a room of up to `CROWD_MIN` users each
 * change is a frame. In a larger one (a crowd), where that would grow with the square of the users, one frame has the
 * number of users and the latest changes.
 */
export class PresenceNews implements PresenceObserver {
  readonly #broadcast: Broadcast;
  readonly #onGone: (user: User) => void;
  /** Called with the first news after a flush. */
  readonly #onFirst: () => void;
  readonly #users = new Map<string, UserNews>();
  /** By room: the changes that were not told yet, by user, oldest first. */
  readonly #crowds = new Map<string, Map<string, CrowdNews>>();

  constructor(broadcast: Broadcast, onGone: (user: User) => void, onFirst: () => void) {
    this.#broadcast = broadcast;
    this.#onGone = onGone;
    this.#onFirst = onFirst;
  }

  opened(user: User, room: string): void {
    const { opened, closed } = this.#newsOf(user);
    if (!closed.delete(room)) opened.add(room);
  }

  closed(user: User, room: string): void {
    const { opened, closed } = this.#newsOf(user);
    if (!opened.delete(room)) closed.add(room);
  }

  gone(user: User): void {
    this.#onGone(user);
  }

  /** Tells the listeners what has gathered. */
  flush(online: OnlineUsers): void {
    const news = [...this.#users.values()];
    this.#users.clear();
    for (const { user, opened, closed } of news) {
      const isOnline = online.has(user.id);
      const frame: PresenceFrame = { type: "presence", user, isOnline, lastSeen: null };
      const came = this.#apartFromCrowds(online, user, opened, true);
      if (came.length > 0) this.#broadcast(came, frame, user.id);
      const left = this.#apartFromCrowds(online, user, closed, false);
      if (isOnline) for (const room of left) this.#broadcast([room], { ...frame, leftRoom: room }, user.id);
      else if (left.length > 0)
        this.#broadcast(left, { ...frame, lastSeen: new Date().toISOString() }, user.id);
    }
  }

  /** Tells the listeners of crowds how many there are and who changed; call it every two seconds or so. */
  flushCrowds(online: OnlineUsers): void {
    for (const [room, changes] of this.#crowds) {
      const count = online.count(room);
      const hasEnded = count <= CROWD_END;
      if (!hasEnded && changes.size === 0) continue;
      const of = (isHere: boolean) =>
        [...changes.values()].filter((one) => one.isHere === isHere).map(({ user }) => user);
      // Those who came while it was a crowd were told the number only: now they learn of everybody.
      const came = hasEnded ? online.list(CROWD_END, room) : of(true);
      const frame: RoomPresenceFrame = { type: "room_presence", room, online: count, came, left: of(false) };
      this.#broadcast([room], frame, NOBODY);
      if (hasEnded) this.#crowds.delete(room);
      else changes.clear();
    }
  }

  #newsOf(user: User): UserNews {
    let news = this.#users.get(user.id);
    if (!news) {
      if (this.#users.size === 0) this.#onFirst();
      news = { user, opened: new Set(), closed: new Set() };
      this.#users.set(user.id, news);
    }
    return news;
  }

  /** Notes a change in the rooms that are crowds, and returns the others. */
  #apartFromCrowds(online: OnlineUsers, user: User, rooms: Iterable<string>, isHere: boolean): string[] {
    return [...rooms].filter((room) => {
      let crowd = this.#crowds.get(room);
      if (!crowd && online.count(room) <= CROWD_MIN) return true;
      crowd ??= new Map();
      this.#crowds.set(room, crowd);
      crowd.delete(user.id);
      crowd.set(user.id, { user, isHere });
      if (crowd.size > CROWD_CHANGES_MAX) crowd.delete(crowd.keys().next().value as string);
      return false;
    });
  }
}
