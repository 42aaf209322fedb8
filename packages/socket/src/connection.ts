import type { Socket } from "node:net";
import type { Identity } from "@parley/identity/identity";
import { CLOSE, type CloseCode } from "@parley/protocol/codes";
import type { WebSocket } from "ws";
import { holdCorked, writeCorked } from "./corked-writes.ts";
import { REPLAYED_PER_UNIT } from "./cost.ts";
import type { Meter } from "./meter.ts";
import { ABNORMAL, countClose, socketCounts } from "./socket-counts.ts";
import { encodeTextFrame } from "./text-frame.ts";

/** Unsent bytes of a connection beyond which ephemeral frames (typing, presence) are dropped (docs/decisions/0011). */
const EPHEMERAL_BYTES_MAX = 64 * 1_024;
/** Unsent bytes of a connection beyond which it is closed as slow (docs/decisions/0011). */
const UNSENT_BYTES_MAX = 1_024 * 1_024;

type ConnectionOptions = Readonly<{
  id: string;
  ws: WebSocket;
  /** The TCP socket below `ws`. */
  socket: Socket;
  meter: Meter;
  identity: Identity;
  address: string;
  /** Monotonic, ms. */
  now: number;
}>;

/**
 * One authenticated WebSocket. All times are monotonic, ms.
 *
 * Data frames are written to the TCP socket, not through `ws.send`: a message is encoded once for all of its readers,
 * and all writes of one turn of the event loop are one system call (docs/decisions/0011: 2 µs of CPU per delivery
 * instead of 10). Their order with the control frames of ws holds, because without compression ws, too, writes each
 * frame synchronously.
 */
export class Connection {
  readonly id: string;
  readonly address: string;
  readonly meter: Meter;
  identity: Identity;
  /** When the token expires. */
  expiresAt: number;
  expiryWarned = false;
  /** When the last frame arrived, and when the last ping was sent. */
  heardAt: number;
  pingedAt: number;
  /** Bad frames since `badFramesSince`. */
  badFrames = 0;
  badFramesSince = 0;
  /** When the close began; 0 while open. */
  #closedAt = 0;
  /** Whether the peer began it, by a close frame. */
  #isClosedByPeer = false;
  readonly #ws: WebSocket;
  readonly #socket: Socket;

  constructor({ id, ws, socket, meter, identity, address, now }: ConnectionOptions) {
    this.id = id;
    this.#ws = ws;
    this.#socket = socket;
    this.meter = meter;
    this.identity = identity;
    this.address = address;
    this.heardAt = now;
    this.pingedAt = now;
    this.expiresAt = now + identity.expiresAt - Date.now();
  }

  /** Replaces the token by a later one of the same user and session. */
  renew(identity: Identity, now: number): void {
    this.identity = identity;
    this.expiresAt = now + identity.expiresAt - Date.now();
    this.expiryWarned = false;
  }

  /** Bytes that are written and not yet taken by the peer. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get userId(): string {
    return this.identity.userId;
  }

  /** Whether nobody waits for answers any more. */
  readonly isGone = (): boolean => this.#closedAt !== 0;

  /**
   * Whether what it sent may be dropped: its client will send again what was not acknowledged. After a clean close it will
   * not. A property, because it is passed along with each message.
   */
  readonly isLost = (): boolean => this.#closedAt !== 0 && !this.#isClosedByPeer;

  get isOpen(): boolean {
    return this.#closedAt === 0;
  }

  /** Charges messages that were read from the database for this connection, once it is known how many they are. */
  chargeReplay(messages: number): void {
    this.meter.chargeDone(messages / REPLAYED_PER_UNIT);
  }

  /** Sends one frame. */
  send<Frame extends { readonly type: string }>(frame: Frame): void {
    const { framesSent } = socketCounts;
    framesSent[frame.type] = (framesSent[frame.type] ?? 0) + 1;
    this.write(encodeTextFrame(JSON.stringify(frame)));
  }

  /**
   * Sends encoded frames; the buffer is shared with other connections and must not change. A peer that leaves more than
   * `UNSENT_BYTES_MAX` unread is closed with 4408 instead. Does nothing on a closed connection, nor once ws has answered a
   * close frame, which may wait in the cork: no data frame comes after it (RFC 6455 section 5.5.1).
   */
  write(frames: Buffer): void {
    if (this.#closedAt !== 0 || this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) this.closeAsSlow();
    else writeCorked(this.#socket, frames);
  }

  /** Has what was just sent wait for the next frame, which is about to come: both are one system call then. */
  hold(): void {
    holdCorked(this.#socket);
  }

  /** Sends encoded frames that may be lost: drops them while the peer is behind. */
  writeEphemeral(frames: Buffer): void {
    if (this.#socket.writableLength <= EPHEMERAL_BYTES_MAX) this.write(frames);
  }

  /** Resolves when the peer has taken all unsent bytes, or is gone. */
  whenRead(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  ping(now: number): void {
    this.pingedAt = now;
    this.#ws.ping();
  }

  /** Begins the close handshake; nothing is sent afterwards. ws ends the TCP of a peer that does not answer. */
  close(code: CloseCode, reason: string): void {
    if (this.#closedAt !== 0) return;
    this.markClosed();
    countClose(code);
    this.#ws.close(code, reason);
  }

  closeAsSlow(): void {
    this.close(CLOSE.slow, "too slow: resume from the last seq that you have");
  }

  /** Ends the connection at once. */
  terminate(): void {
    if (this.isOpen) countClose(ABNORMAL);
    this.markClosed();
    this.#ws.terminate();
  }

  /** Notes that the connection is closed, by whichever side. `isByPeer`: by a close frame of the peer. */
  markClosed(isByPeer = false): void {
    if (this.#closedAt !== 0) return;
    this.#closedAt = performance.now();
    this.#isClosedByPeer = isByPeer;
  }
}
