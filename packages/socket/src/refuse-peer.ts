import type { CloseCode } from "@parley/protocol/codes";
import type { Meter } from "./meter.ts";
import { countClose } from "./socket-counts.ts";

/** How long a refused peer may take to end its TCP, ms; and one that goes on sending. */
const REFUSED_MS = 1_000;
const FLOODING_MS = 100;
/** Bytes of a refused peer that are read and thrown away. */
const DISCARDED_BYTES_MAX = 16 * 1_024;

/**
 * Closes a socket that is not let in, or not any more, and takes nothing more of it: every reader is detached, ws's too.
 * A little that the peer sent meanwhile is thrown away, so that it can see the close frame: unread bytes reset the
 * connection when it ends. TCP is ended by us at once, and in both directions after `REFUSED_MS`, or after `FLOODING_MS` if
 * there is more.
 */
export function refusePeer({ ws, socket }: Meter, code: CloseCode, reason: string): void {
  for (const event of ["message", "ping", "pong"] as const) ws.removeAllListeners(event);
  countClose(code);
  ws.close(code, reason);
  socket.removeAllListeners("data");
  const terminateAfter = (ms: number) => {
    const timer = setTimeout(() => ws.terminate(), ms);
    ws.once("close", () => clearTimeout(timer));
  };
  let left = DISCARDED_BYTES_MAX;
  socket.on("data", (chunk: Buffer) => {
    const isFirst = left >= 0;
    left -= chunk.length;
    if (left >= 0) return;
    socket.pause();
    if (isFirst) terminateAfter(FLOODING_MS);
  });
  socket.resume();
  socket.end();
  terminateAfter(REFUSED_MS);
}
