import { TypingFrame } from "@parley/protocol/client-frames";
import { type Command, command } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { AnnounceTyping, PublishTyping } from "../../application/announce-typing.ts";

/** Rooms of one connection in which its user may be typing; the oldest is forgotten, and ends by itself. */
const ROOMS_MAX = 8;

/**
 * `typing`: delivered to the sockets that are subscribed to the room; it has no answer. `end` is called when a connection
 * is closed: its user no longer types.
 */
export function createTypingCommand(
  announceTyping: AnnounceTyping,
  publish: PublishTyping,
): { command: Command; end: (connection: Connection) => void } {
  const typing = new WeakMap<Connection, Set<string>>();
  const end = (connection: Connection) => {
    const { userId: id, username } = connection.identity;
    for (const room of typing.get(connection) ?? []) publish(room, { id, username }, false);
    typing.delete(connection);
  };
  const handle = async (connection: Connection, { room, isTyping }: TypingFrame) => {
    const { userId: id, username } = connection.identity;
    await announceTyping(room, { id, username }, isTyping);
    const rooms = typing.get(connection) ?? new Set();
    rooms.delete(room);
    if (isTyping) rooms.add(room);
    if (rooms.size > ROOMS_MAX) rooms.delete(rooms.values().next().value as string);
    typing.set(connection, rooms);
    if (!connection.isOpen) end(connection);
  };
  return { command: command("typing", TypingFrame, 1, handle), end };
}
