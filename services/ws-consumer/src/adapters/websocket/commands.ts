import { ResumeFrame, SubscribeFrame, UnsubscribeFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { ROOMS_PER_SOCKET_MAX } from "@parley/protocol/limits";
import type { SubscribedFrame } from "@parley/protocol/server-frames";
import { type Command, command } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { CheckReadable } from "../../application/read-history.ts";
import { catchUp, placeOf, type SubscribeParts, Subscription } from "../../application/subscribe.ts";

export type RoomsParts = SubscribeParts &
  Readonly<{
    checkReadable: CheckReadable;
    /** A user has a room open on some connection here. */
    onOpened: (userId: string, room: string) => void;
    onFault: (error: unknown, what: string) => void;
  }>;

/** How long a replay that failed waits before it goes on, ms. */
const REPLAY_RETRY_MS = 500;

/** Which rooms each connection listens to, and the commands that change it. */
export class RoomCommands {
  readonly #parts: RoomsParts;
  readonly #subscriptions = new Map<Connection, Map<string, Subscription>>();

  constructor(parts: RoomsParts) {
    this.#parts = parts;
  }

  commands(): Command[] {
    return [
      command("subscribe", SubscribeFrame, (connection, { id, room, after }) =>
        this.subscribe(connection, room, after, id),
      ),
      command("resume", ResumeFrame, async (connection, { id, rooms }) => {
        const wanted = Object.entries(rooms).map(([room, after]) =>
          this.subscribe(connection, room, after, id),
        );
        const refused = (await Promise.allSettled(wanted)).find((one) => one.status === "rejected");
        if (refused) throw refused.reason;
      }),
      command("unsubscribe", UnsubscribeFrame, (connection, { id, room }) => {
        this.#drop(connection, room);
        connection.send({ type: "unsubscribed", id, room });
      }),
    ];
  }

  /**
   * Begins to listen to a room; a room that is listened to already begins anew.
   *
   * @throws {Refusal} if the user may not read the room, or the connection has too many.
   */
  async subscribe(
    connection: Connection,
    room: string,
    after: number | undefined,
    id?: string,
  ): Promise<void> {
    const { hub, checkReadable } = this.#parts;
    await checkReadable(connection.identity.userId, room);
    const feed = await hub.feed(room);
    if (after !== undefined && after > feed.head) await hub.refresh(feed);
    if (!connection.isOpen) return;
    const rooms = this.#roomsOf(connection);
    if (!rooms.has(room) && rooms.size >= ROOMS_PER_SOCKET_MAX) {
      throw new Refusal("forbidden", `at most ${ROOMS_PER_SOCKET_MAX} rooms on one socket`, {
        path: "/room",
      });
    }
    rooms.get(room)?.end(hub);
    const subscription = new Subscription(feed, connection);
    rooms.set(room, subscription);
    this.#parts.onOpened(connection.userId, room);
    const { told, cursor } = placeOf(feed, after, this.#parts);
    connection.send({ type: "subscribed", id, ...told } satisfies Omit<SubscribedFrame, "id"> & {
      id: string | undefined;
    });
    void this.#replay(subscription, connection, cursor);
  }

  /** Replays until the live frames are met; goes on where it was when the database was away for a while. */
  async #replay(subscription: Subscription, connection: Connection, cursor: number): Promise<void> {
    let seq = cursor;
    const encode = (frames: readonly string[]) => {
      seq += frames.length;
      return this.#parts.encode(frames);
    };
    while (subscription.isActive) {
      try {
        const { room } = subscription.feed;
        await catchUp(subscription, seq, { ...this.#parts, encode }, (head) =>
          connection.send({ type: "caught_up", room, seq: head }),
        );
        return;
      } catch (error) {
        this.#parts.onFault(error, "replay of a room");
        await new Promise((resolve) => setTimeout(resolve, REPLAY_RETRY_MS));
      }
    }
  }

  /** Ends everything that a connection listens to. */
  leave(connection: Connection): void {
    for (const subscription of this.#subscriptions.get(connection)?.values() ?? [])
      subscription.end(this.#parts.hub);
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
    rooms?.get(room)?.end(this.#parts.hub);
    rooms?.delete(room);
  }
}
