import { CLOSE, Refusal } from "@parley/protocol/codes";
import { ROOMS_PER_RESUME_MAX } from "@parley/protocol/limits";
import { LISTEN_PATTERN } from "@parley/protocol/me";
import { errorFrame } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import { ROOM_COST, type Subscriptions } from "./subscriptions.ts";

/** Lifetime of a socket with `debug_reconnect=1`, ms. */
const DEBUG_RECONNECT_MS = 30_000;
const ROOM = new RegExp(LISTEN_PATTERN, "u");

/**
 * Applies the query of a socket's URL: `?room=a&room=b` subscribes, `debug_reconnect=1` closes the socket after a while,
 * so that a client's reconnection can be tried out. As many rooms as in one `resume` are taken, for the same cost.
 */
export function applyQuery(
  subscriptions: Pick<Subscriptions, "subscribe">,
  connection: Connection,
  query: Readonly<Record<string, unknown>>,
): void {
  const answer = (error: unknown) => {
    const refusal =
      error instanceof Refusal ? error : new Refusal("unavailable", "the room cannot be read now");
    connection.send(errorFrame(refusal));
  };
  const wanted = query.room === undefined ? [] : [query.room].flat();
  try {
    pay(connection, wanted.length);
    for (const room of wanted) {
      const subscribed =
        typeof room === "string" && ROOM.test(room)
          ? subscriptions.subscribe(connection, room, undefined)
          : Promise.reject(new Refusal("bad_frame", `room: must match ${LISTEN_PATTERN}`, { path: "/room" }));
      subscribed.catch(answer);
    }
    if (wanted.length > 0) connection.hold();
  } catch (error) {
    answer(error);
  }
  if (query.debug_reconnect === "1") {
    const reason = JSON.stringify({ retryAfterMs: 0 });
    setTimeout(() => connection.close(CLOSE.restarting, reason), DEBUG_RECONNECT_MS).unref();
  }
}

/** @throws {Refusal} `bad_frame` for too many rooms, `rate_limited` if the budgets do not have what they cost. */
function pay(connection: Connection, rooms: number): void {
  if (rooms > ROOMS_PER_RESUME_MAX)
    throw new Refusal("bad_frame", `room: at most ${ROOMS_PER_RESUME_MAX} in a URL`, { path: "/room" });
  const retryAfterMs = rooms === 0 ? 0 : connection.meter.take(rooms * ROOM_COST, performance.now());
  if (retryAfterMs > 0) throw new Refusal("rate_limited", "too much work asked for", { retryAfterMs });
}
