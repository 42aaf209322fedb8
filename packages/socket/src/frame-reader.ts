import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { frameEnd, isText, STRANGE, textOf } from "./masked-frame.ts";

const READER = Symbol("frame reader");
type ReadSocket = Socket & { [READER]: FrameReader };

// Functions for all sockets, as ws has them: with closures of its own an idle one would be larger than it needs to be.
function onData(this: Socket, chunk: Buffer): void {
  (this as ReadSocket)[READER].read(chunk);
}
function onClose(this: Socket): void {
  (this as ReadSocket)[READER].end();
}

class FrameReader {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #toWs: (chunk: Buffer) => void;
  /** The beginning of a frame whose end has not come. */
  #tail: Buffer | undefined;

  constructor(ws: WebSocket, socket: Socket, toWs: (chunk: Buffer) => void) {
    this.#ws = ws;
    this.#socket = socket;
    this.#toWs = toWs;
  }

  read(chunk: Buffer): void {
    const bytes = this.#tail === undefined ? chunk : Buffer.concat([this.#tail, chunk]);
    this.#tail = undefined;
    let at = 0;
    while (at < bytes.length) {
      const end = frameEnd(bytes, at);
      if (end > bytes.length) {
        // A copy: a view would hold all that was read, for as long as the peer takes to go on.
        this.#tail = Buffer.from(bytes.subarray(at));
        return;
      }
      if (end === STRANGE || !this.#hand(bytes, at, end)) {
        this.#giveBack(bytes.subarray(at));
        return;
      }
      at = end;
    }
  }

  /** Hands on one whole frame; false if it is a text that is not UTF-8. */
  #hand(bytes: Buffer, at: number, end: number): boolean {
    if (!isText(bytes, at)) {
      this.#toWs.call(this.#socket, bytes.subarray(at, end));
      return true;
    }
    const text = textOf(bytes, at, end);
    if (text === undefined) return false;
    this.#ws.emit("message", text, false);
    return true;
  }

  /** ws reads the rest, and all that comes behind it. */
  #giveBack(rest: Buffer): void {
    this.#socket.off("close", onClose);
    this.#socket.off("data", onData);
    // ws takes its listener away itself when it closes, so it must be there before it reads.
    this.#socket.on("data", this.#toWs);
    this.#toWs.call(this.#socket, rest);
  }

  /** ws reads what a paused socket still has when it closes: that is the rest of the frame that was cut. */
  end(): void {
    if (this.#tail !== undefined && !this.#socket.readableEnded) this.#giveBack(this.#tail);
  }
}

/**
 * Reads what the peer of a socket of ws's server sends, in place of ws's own receiver, which makes half a dozen typed
 * arrays for each message. A whole text frame of up to `FRAME_BYTES_MAX` bytes is emitted as `message` of `ws`, as a
 * string instead of ws's Buffer; pings and pongs are handed to ws. At the first frame that is anything else (close,
 * binary, a fragment, too large, not UTF-8, or against RFC 6455 section 5) ws gets the socket back for good, beginning
 * with that frame, and answers it as ever.
 *
 * Must be called in the turn in which ws took the socket, before anything is read from it.
 */
export function readFrames(ws: WebSocket): void {
  const socket = (ws as unknown as { _socket: Socket })._socket;
  const [toWs, ...others] = socket.listeners("data") as ((chunk: Buffer) => void)[];
  // Who else reads would get frames that are unmasked already; ws alone reads well too, only slower.
  if (toWs === undefined || others.length > 0) return;
  (socket as ReadSocket)[READER] = new FrameReader(ws, socket, toWs);
  socket.off("data", toWs);
  socket.on("data", onData);
  socket.prependListener("close", onClose);
}
