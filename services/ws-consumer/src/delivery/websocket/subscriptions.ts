import { ResumeFrame, SubscribeFrame, UnsubscribeFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { ROOMS_PER_SOCKET_MAX } from "@parley/protocol/limits";
import { ME, meOf, nameOf } from "@parley/protocol/me";
import type { ReadMark } from "@parley/protocol/reads";
import { kindOf } from "@parley/protocol/rooms";
import type { SubscribedFrame } from "@parley/protocol/server-frames";
import { Histogram, LATENCY_SECONDS, zeroed } from "@parley/runtime/histogram";
import { type Command, command, errorFrame } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import { socketCounts } from "@parley/socket/socket-counts";
import type { RoomPresence } from "../../presence/create-presence.ts";
import { onlineText } from "../../presence/online-text.ts";
import type { WhoMayRead } from "../../rooms/access.ts";
import type { Feed } from "../feed.ts";
import type { CheckReadable } from "../read-history.ts";
import { type CatchUpDependencies, catchUp, OUTCOMES, Subscription, startOf } from "../subscribe.ts";
import { countSent } from "./user-connections.ts";

export type SubscriptionsDependencies = CatchUpDependencies &
  Readonly<{
    checkReadable: CheckReadable;
    /** Called when a connection of a user has subscribed to a room, and when it has unsubscribed or may not read it. */
    onOpened: (userId: string, room: string) => void;
    onClosed: (userId: string, room: string) => void;
    /** How many rooms a user has open at this instance, and how many it may have. */
    openRooms: (userId: string) => number;
    openRoomsMax: number;
    /** Who has a room open, for one of its users. */
    presenceIn: (room: string, userId: string) => RoomPresence;
    /** Which of these users may read a room. */
    whoMayRead: WhoMayRead;
    /** Reads the read cursors of a private room's members. */
    readCursors: (room: string) => Promise<readonly ReadMark[]>;
    onFault: (error: unknown, what: string) => void;
  }>;

/** Unsent bytes of a connection from which a room's users are not listed; their number is in `subscribed` all the same. */
const PRESENCE_UNSENT_MAX = 512 * 1_024;
/** Cost of looking up the rights, the head and the first page of one room, in units of packages/runtime/src/work.ts. */
export const ROOM_COST = 2;
/** Pause before a failed replay continues, ms. */
const REPLAY_RETRY_MS = 500;

/** `id` of the frame; `told`: users of whose presence the connection was told for another room of the same frame. */
type SubscribeOptions = Readonly<{ id?: string | undefined; told?: Set<string> }>;
/** The same with the time at which it was asked for; monotonic, ms. */
type BeginOptions = SubscribeOptions & Readonly<{ began: number }>;

/** The subscriptions of each connection, and the commands that change them. */
export class Subscriptions {
  readonly #deps: SubscriptionsDependencies;
  readonly #subscriptions = new Map<Connection, Map<string, Subscription>>();
  /** The connections that are subscribed to each room. */
  readonly #rooms = new Map<string, Set<Connection>>();
  /** Subscriptions under way, and whether rights to the room have changed since they were checked. */
  readonly #attempts = new Set<{ readonly room: string; isStale: boolean }>();

  /** Subscriptions by outcome, and how long they took until the listener was live, s. */
  readonly counters = {
    outcomes: zeroed([...OUTCOMES, "refused", "failed"]),
    seconds: new Histogram(LATENCY_SECONDS),
  };

  constructor(deps: SubscriptionsDependencies) {
    this.#deps = deps;
  }

  commands(): Command[] {
    return [
      command("subscribe", SubscribeFrame, ROOM_COST, (connection, { id, room, after }) =>
        this.subscribe(connection, room, after, { id }),
      ),
      command(
        "resume",
        ResumeFrame,
        ({ rooms }) => Object.keys(rooms).length * ROOM_COST,
        async (connection, { id, rooms }) => {
          const told = new Set<string>();
          const wanted = Object.entries(rooms).map(([room, after]) =>
            this.#resume(connection, room, after, { id, told }),
          );
          await Promise.all(wanted);
        },
      ),
      command("unsubscribe", UnsubscribeFrame, 1, (connection, { id, room }) => {
        this.#drop(connection, room);
        connection.send({ type: "unsubscribed", id, room });
      }),
    ];
  }

  /** Resumes one room of a `resume` frame. A refusal is answered with the room, and does not affect the others. */
  async #resume(connection: Connection, room: string, after: number, options: SubscribeOptions) {
    try {
      await this.subscribe(connection, room, after, options);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      connection.send({ ...errorFrame(error, options.id), path: `/rooms/${room}` });
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
    options: SubscribeOptions = {},
  ): Promise<void> {
    const attempt = { room, isStale: false };
    const began = performance.now();
    this.#attempts.add(attempt);
    try {
      const feed = await this.#open(connection, room, after);
      if (connection.isOpen) this.#begin(connection, feed, after, { ...options, began });
    } catch (error) {
      this.counters.outcomes[error instanceof Refusal ? "refused" : "failed"] += 1;
      throw error;
    } finally {
      this.#attempts.delete(attempt);
    }
    if (attempt.isStale) this.recheck(room);
  }

  async #open(connection: Connection, room: string, after: number | undefined): Promise<Feed> {
    const { hub, checkReadable } = this.#deps;
    if (room !== ME) await checkReadable(connection.userId, room);
    const feed = await hub.feed(room === ME ? meOf(connection.userId) : room);
    if (after !== undefined && after > feed.head) await hub.refresh(feed);
    return feed;
  }

  #begin(
    connection: Connection,
    feed: Feed,
    after: number | undefined,
    { id, told = new Set(), began }: BeginOptions,
  ): void {
    const { hub } = this.#deps;
    const room = nameOf(feed.room);
    const rooms = this.#roomsOf(connection);
    if (room !== ME && !rooms.has(room) && rooms.size - Number(rooms.has(ME)) >= ROOMS_PER_SOCKET_MAX) {
      throw new Refusal("forbidden", `at most ${ROOMS_PER_SOCKET_MAX} rooms on one socket`, {
        path: "/room",
      });
    }
    const { openRooms, openRoomsMax } = this.#deps;
    if (!rooms.has(room) && openRooms(connection.userId) >= openRoomsMax)
      throw new Refusal(
        "quota_exceeded",
        `ROOMS_OPEN_PER_USER is ${openRoomsMax}: so many rooms of one user`,
        {
          path: "/room",
        },
      );
    const before = rooms.get(room);
    if (before) before.end(hub);
    else if (room !== ME) this.#deps.onOpened(connection.userId, room);
    const subscription = new Subscription(feed, connection);
    rooms.set(room, subscription);
    if (room !== ME) this.#rooms.set(room, (this.#rooms.get(room) ?? new Set()).add(connection));
    const { answer, cursor } = startOf(feed, after, this.#deps);
    this.counters.outcomes[answer.outcome] += 1;
    const online = room === ME ? undefined : this.#sendPresence(connection, room, told);
    connection.send({ type: "subscribed", id, ...answer, online } satisfies Omit<
      SubscribedFrame,
      "id" | "online"
    > & {
      id: string | undefined;
      online: number | undefined;
    });
    void this.#replay(subscription, connection, cursor, began);
  }

  /** Tells a connection who has a room open, apart from users that it was `told` of; returns their number. */
  #sendPresence(connection: Connection, room: string, told: Set<string>): number {
    const { online, users } = this.#deps.presenceIn(room, connection.userId);
    const fresh = users.filter(({ id }) => !told.has(id));
    if (fresh.length === 0 || connection.unsentBytes > PRESENCE_UNSENT_MAX) return online;
    for (const { id } of fresh) told.add(id);
    connection.write(this.#deps.encode(fresh.map(onlineText)));
    const { framesSent } = socketCounts;
    framesSent.presence = (framesSent.presence ?? 0) + fresh.length;
    return online;
  }

  /** Replays until the connection is live. After a fault it continues where it was. */
  async #replay(
    subscription: Subscription,
    connection: Connection,
    cursor: number,
    began: number,
  ): Promise<void> {
    let seq = cursor;
    const encode = (frames: readonly string[]) => {
      seq += frames.length;
      connection.chargeReplay(frames.length);
      this.#deps.hub.counters.replayed += frames.length;
      countSent(frames);
      return this.#deps.encode(frames);
    };
    while (subscription.isActive) {
      try {
        const room = nameOf(subscription.feed.room);
        await catchUp(subscription, seq, { ...this.#deps, encode }, (head) => {
          connection.send({ type: "caught_up", room, seq: head });
          this.counters.seconds.observe((performance.now() - began) / 1_000);
        });
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
    void this.#recheck(room, [...(this.#rooms.get(room) ?? [])]);
  }

  /** Checks all private rooms with subscriptions, in case an announcement was lost. */
  async recheckAll(): Promise<void> {
    for (const [room, connections] of [...this.#rooms])
      if (kindOf(room) !== "channel") await this.#recheck(room, [...connections]);
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

  /** Ends all subscriptions of a connection, and returns their rooms. */
  endAll(connection: Connection): string[] {
    const rooms = this.#subscriptions.get(connection) ?? new Map<string, Subscription>();
    this.#subscriptions.delete(connection);
    for (const [room, subscription] of rooms) {
      subscription.end(this.#deps.hub);
      this.#forget(connection, room);
    }
    rooms.delete(ME);
    return [...rooms.keys()];
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
    const subscription = rooms?.get(room);
    if (!subscription) return;
    subscription.end(this.#deps.hub);
    rooms?.delete(room);
    if (room === ME) return;
    this.#forget(connection, room);
    this.#deps.onClosed(connection.userId, room);
  }

  #forget(connection: Connection, room: string): void {
    const connections = this.#rooms.get(room);
    connections?.delete(connection);
    if (connections?.size === 0) this.#rooms.delete(room);
  }
}
