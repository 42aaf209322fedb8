import { eventTypeOf, frameTypeOf, type LogEventOf } from "@parley/protocol/events";
import { ME, userOfMe } from "@parley/protocol/me";
import type { Connection } from "@parley/socket/connection";
import { socketCounts } from "@parley/socket/socket-counts";
import { encodeTextFrame, encodeTextFrames } from "@parley/socket/text-frame";
import type { DeliverFrames } from "../local-delivery.ts";

/** The open connections of this instance by user. */
export class UserConnections {
  readonly #connections = new Map<string, Set<Connection>>();
  readonly #isSubscribed: (connection: Connection, room: string) => boolean;

  /** @param isSubscribed whether a connection receives the frames of a room anyway */
  constructor(isSubscribed: (connection: Connection, room: string) => boolean) {
    this.#isSubscribed = isSubscribed;
  }

  add(connection: Connection): void {
    const { userId } = connection;
    const connections = this.#connections.get(userId) ?? new Set();
    this.#connections.set(userId, connections.add(connection));
  }

  remove(connection: Connection): void {
    const connections = this.#connections.get(connection.userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.#connections.delete(connection.userId);
  }

  /** The connections of one user. */
  of(userId: string): Iterable<Connection> {
    return this.#connections.get(userId) ?? [];
  }

  /**
   * Sends a room's `member_…` frames to the member concerned, on connections without a subscription to the room. Lost
   * frames are not repaired: reading the list of rooms again shows the change.
   */
  readonly deliver: DeliverFrames = (room, _first, frames) => {
    for (const frame of frames) {
      if (!eventTypeOf(frame)?.startsWith("member_")) continue;
      const { user } = JSON.parse(frame) as LogEventOf<"member_left">;
      const packet = encodeTextFrame(frame);
      for (const connection of this.of(user.id))
        if (!this.#isSubscribed(connection, room)) {
          connection.write(packet);
          countSent([frame]);
        }
    }
  };

  /** Sends frames of a user's own room to the connections that have not asked for it, as all hear it. */
  readonly deliverOwn: DeliverFrames = (room, _first, frames) => {
    const packet = encodeTextFrames(frames);
    for (const connection of this.of(userOfMe(room) ?? ""))
      if (!this.#isSubscribed(connection, ME)) {
        connection.write(packet);
        countSent(frames);
      }
  };
}

/** Counts frames that were written to one connection. */
export function countSent(frames: readonly string[]): void {
  const { framesSent } = socketCounts;
  for (const frame of frames) {
    const type = frameTypeOf(frame);
    framesSent[type] = (framesSent[type] ?? 0) + 1;
  }
}
