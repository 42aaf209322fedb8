import type { Socket } from "node:net";
import { CLOSE } from "@parley/protocol/codes";
import { FRAME_BYTES_MAX, OVERSIZE_FRAME_BYTES_MAX } from "@parley/protocol/limits";
import { type Bucket, charge, waitFor } from "@parley/runtime/token-bucket";
import type { WebSocket } from "ws";
import { DROPPED_COST } from "./cost.ts";
import { socketCounts } from "./socket-counts.ts";

/** Bytes that one socket may have handled before the event loop is given back. */
const TURN_BYTES_MAX = 64 * 1_024;
/** Bytes that ws may hold of frames and fragments that are not complete. */
const HELD_BYTES_MAX = OVERSIZE_FRAME_BYTES_MAX + 2 * FRAME_BYTES_MAX;
/** Largest read that may be one control frame alone (RFC 6455 section 5.5): such a one is not held by a fragment. */
const CONTROL_BYTES_MAX = 131;
/** Bytes of a closing peer that are read and thrown away, so that it can see the close frame. */
const LINGER_BYTES_MAX = 16 * 1_024;
/** Shortest time that a socket which emptied a budget is not read, ms: it is not read for one frame at a time. */
const REFILL_MS = 500;

/** Why a socket is not read: its token is being verified, a budget is empty, others have their turn. */
export const PAUSE = { auth: 1, budget: 2, turn: 4 } as const;

/**
 * Meters one socket: each frame of any kind is charged here before it is looked at, to the budgets of the socket, of
 * its address and, once known, of its user. When one of them is empty, frames are dropped, the client is
 * told once, and the socket is not read until the budget has refilled for half a second. What came in the same read (at
 * most 64 KB) cannot be left unread: it is dropped too, and a small price for it is owed.
 *
 * It also gives the event loop back after `TURN_BYTES_MAX`, and bounds what ws holds of incomplete messages: a fragment
 * is a view of the read that it came in, so that reads are counted, not fragments (decision 40).
 */
export class Meter {
  readonly ws: WebSocket;
  readonly socket: Socket;
  #own: Bucket;
  readonly #address: Bucket;
  readonly #isLimited: boolean;
  #user: Bucket | undefined;
  #onExceeded: ((retryAfterMs: number) => void) | undefined;
  /** Reasons of `PAUSE`, as bits. */
  #paused = 0;
  #turnBytes = 0;
  #heldBytes = 0;
  #lingerBytes = 0;

  /** @param isLimited false for load tests: nothing is charged; what is held stays bounded. */
  constructor(ws: WebSocket, socket: Socket, own: Bucket, address: Bucket, isLimited: boolean) {
    this.ws = ws;
    this.socket = socket;
    this.#own = own;
    this.#address = address;
    this.#isLimited = isLimited;
  }

  /**
   * From now on charges the budgets of an authenticated socket.
   *
   * @param onExceeded Called with the wait in ms when a budget is empty, once each time.
   */
  authenticate(own: Bucket, user: Bucket, onExceeded: (retryAfterMs: number) => void): void {
    this.#own = own;
    this.#user = user;
    this.#onExceeded = onExceeded;
  }

  get isPaused(): boolean {
    return this.#paused !== 0;
  }

  /** Takes units from all budgets. Returns 0, or, having taken nothing, how many ms to wait. `now` is monotonic, ms. */
  take(units: number, now: number): number {
    if (!this.#isLimited) return 0;
    const wait = this.#wait(units, now);
    if (wait === 0) this.#charge(units);
    return wait;
  }

  /** Takes units of work that was done already; a socket that owes is not read until it has paid. */
  chargeDone(units: number): void {
    if (!this.#isLimited) return;
    this.#charge(units);
    if (this.#own.units < 0) this.#stop(0);
  }

  #charge(units: number): void {
    charge(this.#own, units);
    charge(this.#address, units);
    if (this.#user !== undefined) charge(this.#user, units);
  }

  /** Takes units for a frame. If they are not there, the frame is to be dropped, and the socket is not read for a while. */
  admits(units: number, now: number): boolean {
    const wait = this.take(units, now);
    if (wait === 0) return true;
    charge(this.#own, DROPPED_COST);
    const retryAfterMs = this.#stop(wait);
    if (retryAfterMs > 0) this.#onExceeded?.(retryAfterMs);
    return false;
  }

  /** Stops reading for `wait` ms at least; returns for how long, or 0 if that was done before. */
  #stop(wait: number): number {
    if ((this.#paused & PAUSE.budget) !== 0) return 0;
    this.pause(PAUSE.budget);
    const refill = Math.max(wait, REFILL_MS);
    setTimeout(this.#resumeWhenRefilled, refill).unref();
    return refill;
  }

  /** Counts one read of the TCP socket, after ws has handled it. */
  readonly noteRead = (chunk: Buffer): void => {
    const bytes = chunk.length;
    socketCounts.bytesReceived += bytes;
    if (this.ws.readyState !== this.ws.OPEN) {
      this.#lingerBytes += bytes;
      if (this.#lingerBytes > LINGER_BYTES_MAX) this.socket.pause();
      return;
    }
    if (bytes > CONTROL_BYTES_MAX) this.#heldBytes += bytes;
    if (this.#heldBytes > HELD_BYTES_MAX) {
      this.ws.close(CLOSE.tooMany, "too many bytes without a whole frame");
      return;
    }
    this.#turnBytes += bytes;
    if (this.#turnBytes > TURN_BYTES_MAX) {
      this.#turnBytes = 0;
      this.pause(PAUSE.turn);
      setImmediate(this.#endTurn);
    }
  };

  /** A message is complete: ws holds nothing of it any more. */
  noteMessage(): void {
    this.#heldBytes = 0;
  }

  /** Stops reading the socket until `resume` is called for each reason. */
  pause(reason: number): void {
    if (this.#paused === 0) this.ws.pause();
    this.#paused |= reason;
  }

  resume(reason: number): void {
    if (this.#paused === 0) return;
    this.#paused &= ~reason;
    if (this.#paused === 0) this.ws.resume();
  }

  readonly #endTurn = (): void => this.resume(PAUSE.turn);

  readonly #resumeWhenRefilled = (): void => {
    const wait = this.#wait(0, performance.now());
    if (wait > 0) setTimeout(this.#resumeWhenRefilled, wait).unref();
    else this.resume(PAUSE.budget);
  };

  #wait(units: number, now: number): number {
    const own = waitFor(this.#own, units, now);
    const address = waitFor(this.#address, units, now);
    const user = this.#user === undefined ? 0 : waitFor(this.#user, units, now);
    return Math.max(own, address, user);
  }
}
