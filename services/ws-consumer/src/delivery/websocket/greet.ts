import { CLOSE, Refusal } from "@parley/protocol/codes";
import { ROOM_PATTERN } from "@parley/protocol/rooms";
import { errorFrame } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { RoomCommands } from "./subscriptions.ts";

/** How long a socket with `debug_reconnect=1` lives, ms. */
const DEBUG_RECONNECT_MS = 30_000;
const ROOM = new RegExp(ROOM_PATTERN, "u");

/** Does what the URL of a socket asks for: `?room=a&room=b` subscribes, `debug_reconnect=1` drops it after a while. */
export function greet(
  rooms: RoomCommands,
  connection: Connection,
  query: Readonly<Record<string, unknown>>,
): void {
  const wanted = query.room === undefined ? [] : [query.room].flat();
  for (const room of wanted) {
    const subscribed =
      typeof room === "string" && ROOM.test(room)
        ? rooms.subscribe(connection, room, undefined)
        : Promise.reject(new Refusal("bad_frame", `room: must match ${ROOM_PATTERN}`, { path: "/room" }));
    subscribed.catch((error: unknown) => {
      const refusal =
        error instanceof Refusal ? error : new Refusal("unavailable", "the room cannot be read now");
      connection.send(errorFrame(refusal));
    });
  }
  if (query.debug_reconnect === "1") {
    const reason = JSON.stringify({ retryAfterMs: 0 });
    setTimeout(() => connection.close(CLOSE.restarting, reason), DEBUG_RECONNECT_MS).unref();
  }
}
