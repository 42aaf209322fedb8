import { ResumeFrame, SubscribeFrame, UnsubscribeFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { ROOMS_PER_SOCKET_MAX } from "@parley/protocol/limits";
import type { ReadMark } from "@parley/protocol/reads";
import { kindOf } from "@parley/protocol/rooms";
import type { SubscribedFrame } from "@parley/protocol/server-frames";
import { type Command, command, errorFrame } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { WhoMayRead } from "../../rooms/access.ts";
import type { Feed } from "../feed.ts";
import type { CheckReadable } from "../read-history.ts";
import { type CatchUpDependencies, catchUp, Subscription, startOf } from "../subscribe.ts";

export type SubscriptionsDependencies = CatchUpDependencies &
  Readonly<{
    checkReadable: CheckReadable;
    /** Called when a user has subscribed to a room on one of the connections here. */
    onOpened: (userId: string, room: string) => void;
    /** Which of these users may read a room. */
    whoMayRead: WhoMayRead;
    /** Reads the read cursors of a private room's members. */
    readCursors: (room: string) => Promise<readonly ReadMark[]>;
    onFault: (error: unknown, what: string) => void;
  }>;

/** Pause before a failed replay continues, ms. */
const REPLAY_RETRY_MS = 500;

/** The subscriptions of each connection, and the commands that change them. */
export class Subscriptions {
  readonly #deps: SubscriptionsDependencies;
  readonly #subscriptions = new Map<Connection, Map<string, Subscription>>();
  /** Subscriptions under way, and whether rights to the room have changed since they were checked. */
  readonly #attempts = new Set<{ readonly room: string; isStale: boolean }>();

  constructor(deps: SubscriptionsDependencies) {
    this.#deps = deps;
  }

  commands(): Command[] {
    return [
      command("subscribe", SubscribeFrame, (connection, { id, room, after }) =>
        this.subscribe(connection, room, after, id),
      ),
      command("resume", ResumeFrame, async (connection, { id, rooms }) => {
        const wanted = Object.entries(rooms).map(([room, after]) =>
          this.#resume(connection, room, after, id),
        );
        await Promise.all(wanted);
      }),
      command("unsubscribe", UnsubscribeFrame, (connection, { id, room }) => {
        this.#drop(connection, room);
        connection.send({ type: "unsubscribed", id, room });
      }),
    ];
  }

  /** Resumes one room of a `resume` frame. A refusal is answered with the room, and does not affect the others. */
  async #resume(connection: Connection, room: string, after: number, id: string | undefined): Promise<void> {
    try {
      await this.subscribe(connection, room, after, id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      connection.send({ ...errorFrame(error, id), path: `/rooms/${room}` });
    }
  }

  /**
   * Subscribes a connection to a room, and replays what comes after the seq `after`. An earlier subscription to the room
   * is replaced.
   *
   * @throws {Refusal} if the user may not read the room, or the connection has too many rooms.
   */
  async subscribe(
    connection: Connection,
    room: string,
    after: number | undefined,
    id?: string,
  ): Promise<void> {
    const attempt = { room, isStale: false };
    this.#attempts.add(attempt);
    try {
      const feed = await this.#open(connection, room, after);
      if (connection.isOpen) this.#begin(connection, feed, after, id);
    } finally {
      this.#attempts.delete(attempt);
    }
    if (attempt.isStale) this.recheck(room);
  }

  async #open(connection: Connection, room: string, after: number | undefined): Promise<Feed> {
    const { hub, checkReadable } = this.#deps;
    await checkReadable(connection.userId, room);
    const feed = await hub.feed(room);
    if (after !== undefined && after > feed.head) await hub.refresh(feed);
    return feed;
  }

  #begin(connection: Connection, feed: Feed, after: number | undefined, id?: string): void {
    const { hub } = this.#deps;
    const { room } = feed;
    const rooms = this.#roomsOf(connection);
    if (!rooms.has(room) && rooms.size >= ROOMS_PER_SOCKET_MAX) {
      throw new Refusal("forbidden", `at most ${ROOMS_PER_SOCKET_MAX} rooms on one socket`, {
        path: "/room",
      });
    }
    rooms.get(room)?.end(hub);
    const subscription = new Subscription(feed, connection);
    rooms.set(room, subscription);
    this.#deps.onOpened(connection.userId, room);
    const { answer, cursor } = startOf(feed, after, this.#deps);
    connection.send({ type: "subscribed", id, ...answer } satisfies Omit<SubscribedFrame, "id"> & {
      id: string | undefined;
    });
    void this.#replay(subscription, connection, cursor);
  }

  /** Replays until the connection is live. After a fault it continues where it was. */
  async #replay(subscription: Subscription, connection: Connection, cursor: number): Promise<void> {
    let seq = cursor;
    const encode = (frames: readonly string[]) => {
      seq += frames.length;
      return this.#deps.encode(frames);
    };
    while (subscription.isActive) {
      try {
        const { room } = subscription.feed;
        await catchUp(subscription, seq, { ...this.#deps, encode }, (head) =>
          connection.send({ type: "caught_up", room, seq: head }),
        );
        if (kindOf(room) !== "channel" && subscription.isActive)
          await this.#sendReadCursors(connection, room);
        return;
      } catch (error) {
        this.#deps.onFault(error, "replay of a room");
        await new Promise((resolve) => setTimeout(resolve, REPLAY_RETRY_MS));
      }
    }
  }

  async #sendReadCursors(connection: Connection, room: string): Promise<void> {
    for (const mark of await this.#deps.readCursors(room)) connection.send({ type: "read", ...mark });
  }

  /** Whether a connection is subscribed to a room. */
  readonly has = (connection: Connection, room: string): boolean =>
    this.#subscriptions.get(connection)?.has(room) ?? false;

  /** Ends subscriptions to a room of users who may no longer read it; called when rights to it have changed. */
  recheck(room: string): void {
    for (const attempt of this.#attempts) if (attempt.room === room) attempt.isStale = true;
    const listening = [...this.#subscriptions.keys()].filter((connection) => this.has(connection, room));
    void this.#recheck(room, listening);
  }

  /** Checks all private rooms with subscriptions, in case an announcement was lost. */
  async recheckAll(): Promise<void> {
    const listening = new Map<string, Connection[]>();
    for (const [connection, rooms] of this.#subscriptions) {
      for (const room of rooms.keys()) {
        if (kindOf(room) === "channel") continue;
        const connections = listening.get(room) ?? [];
        listening.set(room, connections);
        connections.push(connection);
      }
    }
    for (const [room, connections] of listening) await this.#recheck(room, connections);
  }

  async #recheck(room: string, connections: readonly Connection[]): Promise<void> {
    if (connections.length === 0) return;
    try {
      const users = [...new Set(connections.map(({ userId }) => userId))];
      const allowed = await this.#deps.whoMayRead(room, users);
      for (const connection of connections) {
        if (allowed.has(connection.userId) || !this.has(connection, room)) continue;
        this.#drop(connection, room);
        connection.send({ type: "unsubscribed", room });
      }
    } catch (error) {
      this.#deps.onFault(error, "rights of listeners could not be checked");
    }
  }

  /** Ends all subscriptions of a connection. */
  endAll(connection: Connection): void {
    for (const subscription of this.#subscriptions.get(connection)?.values() ?? [])
      subscription.end(this.#deps.hub);
    this.#subscriptions.delete(connection);
  }

  #roomsOf(connection: Connection): Map<string, Subscription> {
    let rooms = this.#subscriptions.get(connection);
    if (!rooms) {
      rooms = new Map();
      this.#subscriptions.set(connection, rooms);
    }
    return rooms;
  }

  #drop(connection: Connection, room: string): void {
    const rooms = this.#subscriptions.get(connection);
    rooms?.get(room)?.end(this.#deps.hub);
    rooms?.delete(room);
  }
}
