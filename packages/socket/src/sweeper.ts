import { CLOSE } from "@parley/protocol/codes";
import { HEARTBEAT_MS } from "@parley/protocol/limits";
import type { Connection } from "./connection.ts";
import type { PendingAuth } from "./pending-auth.ts";

/** How long before its end a token's owner is warned, ms. */
const EXPIRY_WARNING_MS = 60_000;
/** How long a connection outlives its token, ms: clocks differ and networks are slow. */
const EXPIRY_GRACE_MS = 5_000;
/** Heartbeats without a frame after which a peer is considered gone. */
const SILENT_HEARTBEATS_MAX = 2;
/** Calls of `sweep` per round over all connections; keeps each call short. */
const SWEEPS_PER_ROUND = 4;

/** Ends a connection that is past a deadline, warns of the token's end, and pings. */
function sweepConnection(connection: Connection, now: number): void {
  if (!connection.isOpen) return;
  // A socket that is not read is not silent.
  if (connection.meter.isPaused) connection.heardAt = now;
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

/** Closes the slowest connections until at most `bytesMax` of the `unsent` bytes are left. */
function closeSlowest(connections: Iterable<Connection>, unsent: number, bytesMax: number): void {
  const slow = [...connections].filter((one) => one.isOpen && one.unsentBytes > 0);
  slow.sort((a, b) => b.unsentBytes - a.unsentBytes);
  let left = unsent;
  for (const connection of slow) {
    if (left <= bytesMax) return;
    left -= connection.unsentBytes;
    connection.closeAsSlow();
  }
}

/**
 * Enforces what depends on time or on all sockets together: deadlines, token expiry, heartbeats, and the bytes that
 * wait for all peers. One timer for all connections keeps each of them small.
 */
export class Sweeper {
  readonly #connections: ReadonlySet<Connection>;
  readonly #pending: ReadonlySet<PendingAuth>;
  readonly #bytesMax: number;
  #round: Iterator<Connection>;
  /** Bytes that wait for the connections visited in this round. */
  #unsentBytes = 0;

  /** @param bytesMax Bytes that may wait for all connections together. */
  constructor(connections: ReadonlySet<Connection>, pending: ReadonlySet<PendingAuth>, bytesMax: number) {
    this.#connections = connections;
    this.#pending = pending;
    this.#bytesMax = bytesMax;
    this.#round = connections.values();
  }

  /** Visits a quarter of the connections, and all sockets not yet authenticated. `now` is monotonic, ms. */
  sweep(now: number): void {
    for (const socket of this.#pending) if (now > socket.deadline) socket.expire();
    for (let left = Math.ceil(this.#connections.size / SWEEPS_PER_ROUND); left >= 0; left -= 1) {
      const { value: connection, done } = this.#round.next();
      if (done) {
        this.#endRound();
        return;
      }
      sweepConnection(connection, now);
      if (connection.isOpen) this.#unsentBytes += connection.unsentBytes;
    }
  }

  #endRound(): void {
    if (this.#unsentBytes > this.#bytesMax)
      closeSlowest(this.#connections, this.#unsentBytes, this.#bytesMax);
    this.#unsentBytes = 0;
    this.#round = this.#connections.values();
  }
}
