import type { Socket } from "node:net";

/** At most this share of the time is spent on writing, as long as nothing waits longer for it than the limit. */
const WRITING_SHARE = 1 / 10;
/** How long something may wait for company, ms: only while a write of everybody takes a ninth of it. */
const WAIT_MAX_MS = 40;

/** So much for one socket leaves at once, bytes: what waits for company here must never make a reader look slow. */
const COMPANY_BYTES_MAX = 64 * 1_024;

/** Sockets that have something to write; they write together. */
let corked: Socket[] = [];
/** Before this nothing is written; monotonic, ms. */
let restsUntil = 0;

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  const began = performance.now();
  for (const socket of sockets) socket.uncork();
  const now = performance.now();
  restsUntil = now + Math.min(WAIT_MAX_MS, (now - began) * (1 / WRITING_SHARE - 1));
}

/**
 * Writes without a system call of its own: all that is written to a socket in one turn of the event loop leaves in one
 * write. After a large write (thousands of sockets) the next one waits for up to 40 ms, nine times as long as it took,
 * and takes along what has come meanwhile; a small one, or the first after a pause, leaves at the end of the turn. What
 * is large already does not wait.
 */
export function writeCorked(socket: Socket, bytes: Buffer): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    if (corked.length === 0) {
      const wait = restsUntil - performance.now();
      if (wait < 1) setImmediate(uncorkAll);
      else setTimeout(uncorkAll, wait);
    }
    corked.push(socket);
  }
  socket.write(bytes);
  if (socket.writableLength > COMPANY_BYTES_MAX) socket.uncork();
}
