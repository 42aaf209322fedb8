import { eventTypeOf, type LogEventOf } from "@parley/protocol/events";
import type { Connection } from "@parley/socket/connection";
import { encodeTextFrame } from "@parley/socket/text-frame";

/** Everybody's connections to this instance, which hear what is their user's own without subscribing to it. */
export class OwnEvents {
  readonly #connections = new Map<string, Set<Connection>>();

  open(connection: Connection): void {
    const { userId } = connection;
    const own = this.#connections.get(userId) ?? new Set();
    this.#connections.set(userId, own.add(connection));
  }

  close(connection: Connection): void {
    const own = this.#connections.get(connection.userId);
    own?.delete(connection);
    if (own?.size === 0) this.#connections.delete(connection.userId);
  }

  /** The connections of one user. */
  of(userId: string): Iterable<Connection> {
    return this.#connections.get(userId) ?? [];
  }

  /**
   * Tells people of a room's live frames that they came, went or are something else there: on connections that do
   * not hear it from the room itself. Not repaired when lost: a list of rooms that is read anew has it.
   */
  tell(room: string, frames: readonly string[], listens: (one: Connection, room: string) => boolean): void {
    for (const frame of frames) {
      if (!eventTypeOf(frame)?.startsWith("member_")) continue;
      const { user } = JSON.parse(frame) as LogEventOf<"member_left">;
      const packet = encodeTextFrame(frame);
      for (const connection of this.of(user.id)) if (!listens(connection, room)) connection.write(packet);
    }
  }
}
