import { CLOSE, Refusal } from "@parley/protocol/codes";
import { LISTEN_PATTERN } from "@parley/protocol/me";
import { errorFrame } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { Subscriptions } from "./subscriptions.ts";

/** Lifetime of a socket with `debug_reconnect=1`, ms. */
const DEBUG_RECONNECT_MS = 30_000;
const ROOM = new RegExp(LISTEN_PATTERN, "u");

/**
 * Applies the query of a socket's URL: `?room=a&room=b` subscribes, `debug_reconnect=1` closes the socket after a while,
 * so that a client's reconnection can be tried out.
 */
export function applyQuery(
  subscriptions: Subscriptions,
  connection: Connection,
  query: Readonly<Record<string, unknown>>,
): void {
  const wanted = query.room === undefined ? [] : [query.room].flat();
  for (const room of wanted) {
    const subscribed =
      typeof room === "string" && ROOM.test(room)
        ? subscriptions.subscribe(connection, room, undefined)
        : Promise.reject(new Refusal("bad_frame", `room: must match ${LISTEN_PATTERN}`, { path: "/room" }));
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
