import { CLOSE } from "@parley/protocol/codes";
import { HEARTBEAT_MS } from "@parley/protocol/limits";
import type { Connection } from "./connection.ts";
import type { Door } from "./door.ts";

/** How long before its end a token's owner is warned, ms. */
const EXPIRY_WARNING_MS = 60_000;
/** How long a connection outlives its token, ms: clocks differ and networks are slow. */
const EXPIRY_GRACE_MS = 5_000;
/** How long a peer may take to answer our close, ms. */
const CLOSE_DEADLINE_MS = 5_000;
/** Silent heartbeats after which a peer is taken for gone. */
const SILENT_HEARTBEATS_MAX = 2;

function sweepOne(connection: Connection, now: number): void {
  if (!connection.isOpen) {
    if (now - connection.closedAt > CLOSE_DEADLINE_MS) connection.terminate();
    return;
  }
  const left = connection.expiresAt - now;
  if (left < -EXPIRY_GRACE_MS) {
    connection.close(CLOSE.unauthenticated, "the token expired");
  } else if (left < EXPIRY_WARNING_MS && !connection.expiryWarned) {
    connection.expiryWarned = true;
    connection.send({ type: "token_expiring", inMs: Math.max(0, Math.round(left)) });
  }
  if (now - connection.pingedAt < HEARTBEAT_MS) return;
  if (now - connection.heardAt > HEARTBEAT_MS * SILENT_HEARTBEATS_MAX) connection.terminate();
  else connection.ping(now);
}

/** Closes the slowest until what waits for all sockets together fits in the limit again. */
function shed(door: Door, waiting: number): void {
  const slowest = [...door.connections].filter((one) => one.isOpen && one.waiting > 0);
  slowest.sort((a, b) => b.waiting - a.waiting);
  let left = waiting;
  for (const connection of slowest) {
    if (left <= door.options.limits.socketsBytes) return;
    left -= connection.waiting;
    connection.close(CLOSE.slow, "too slow: resume from the last seq that you have");
  }
}

/** Looks of one round. */
const LOOKS = 4;

/**
 * Looks after all sockets of a door: deadlines, token ends, heartbeats, memory. One timer for all keeps a connection
 * small; a round in four looks keeps each short, and one visit a second is soon enough for what is counted in seconds.
 */
export class Sweeper {
  readonly #door: Door;
  #round: Iterator<Connection>;
  /** Bytes that wait for the sockets of this round. */
  #waiting = 0;

  constructor(door: Door) {
    this.#door = door;
    this.#round = door.connections.values();
  }

  /** One look; at the end of a round the slowest are closed if too much waits for all. `now` is monotonic, ms. */
  look(now: number): void {
    for (const waiting of this.#door.pending) if (now > waiting.deadline) waiting.expire();
    for (let left = Math.ceil(this.#door.connections.size / LOOKS); left >= 0; left -= 1) {
      const { value: connection, done } = this.#round.next();
      if (done) {
        this.#endRound();
        return;
      }
      sweepOne(connection, now);
      if (connection.isOpen) this.#waiting += connection.waiting;
    }
  }

  #endRound(): void {
    if (this.#waiting > this.#door.options.limits.socketsBytes) shed(this.#door, this.#waiting);
    this.#waiting = 0;
    this.#round = this.#door.connections.values();
  }
}
