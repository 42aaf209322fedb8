import type { Socket } from "node:net";
import type { Identity } from "@parley/identity/identity";
import { CLOSE, type CloseCode } from "@parley/protocol/codes";
import type { WebSocket } from "ws";
import { writeCorked } from "./corked-writes.ts";
import { encodeTextFrame } from "./text-frame.ts";

/** Bytes that may wait for one socket before typing and presence are left out. */
export const EPHEMERAL_BYTES_MAX = 64 * 1_024;
/** Bytes that may wait for one socket before it is closed as too slow. */
export const SOCKET_BYTES_MAX = 1_024 * 1_024;

/** One authenticated WebSocket. All times are monotonic, ms. */
export class Connection {
  readonly id: string;
  identity: Identity;
  /** When the token ends. */
  expiresAt: number;
  expiryWarned = false;
  /** When the peer was last heard, and last asked with a ping. */
  heardAt: number;
  pingedAt: number;
  badFrames = 0;
  badFramesSince = 0;
  /** When the close began; 0 while open. */
  closedAt = 0;
  readonly address: string;
  readonly #ws: WebSocket;
  readonly #socket: Socket;

  constructor(id: string, ws: WebSocket, identity: Identity, address: string, now: number) {
    this.id = id;
    this.#ws = ws;
    this.#socket = (ws as unknown as { _socket: Socket })._socket;
    this.identity = identity;
    this.address = address;
    this.heardAt = now;
    this.pingedAt = now;
    this.expiresAt = now + identity.expiresAt - Date.now();
  }

  /** Takes a later token of the same user and session. */
  renew(identity: Identity, now: number): void {
    this.identity = identity;
    this.expiresAt = now + identity.expiresAt - Date.now();
    this.expiryWarned = false;
  }

  /** Bytes that wait for the peer to read. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  get userId(): string {
    return this.identity.userId;
  }

  /** Whether nobody waits for answers any more; made once, because each message takes it along. */
  readonly isGone = (): boolean => this.closedAt !== 0;

  get isOpen(): boolean {
    return this.closedAt === 0;
  }

  /** Sends one frame. */
  send(frame: object): void {
    this.write(encodeTextFrame(JSON.stringify(frame)));
  }

  /**
   * Sends frames that are encoded already; the buffer is shared and must not change. A peer that leaves too much
   * unread is closed with 4408 and can resume. Nothing is written to a closed connection.
   */
  write(frames: Buffer): void {
    if (this.closedAt !== 0) return;
    if (this.#socket.writableLength > SOCKET_BYTES_MAX) {
      this.close(CLOSE.slow, "too slow: resume from the last seq that you have");
      return;
    }
    writeCorked(this.#socket, frames);
  }

  /** Sends what may be lost: it is left out while the peer is behind. */
  writeEphemeral(frames: Buffer): void {
    if (this.#socket.writableLength <= EPHEMERAL_BYTES_MAX) this.write(frames);
  }

  /** Resolves when the peer has read what waited for it, or is gone. */
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

  /** Begins the close; nothing is sent afterwards. The door ends it if the peer does not. */
  close(code: CloseCode, reason: string): void {
    if (this.closedAt !== 0) return;
    this.closedAt = performance.now();
    this.#ws.close(code, reason);
  }

  /** Ends the connection at once. */
  terminate(): void {
    if (this.closedAt === 0) this.closedAt = performance.now();
    this.#ws.terminate();
  }
}
