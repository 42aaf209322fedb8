import type { Socket } from "node:net";

/** A room of so many sockets is a crowd. */
const CROWD_SOCKETS = 250;
/**
 * At most this share of the time is spent on writing, as long as nothing waits longer than `waitMaxMs` for it. A crowd
 * waits longer: the more messages share its system calls, the less each delivery costs. As many sockets in small rooms
 * are none: each of them has too few messages for that, and all would only be late.
 */
const FEW = { writingShare: 1 / 5, waitMaxMs: 25 };
const CROWD = { writingShare: 1 / 10, waitMaxMs: 100 };
/** Sockets that get so much each in one write, bytes, have a dozen messages to read: a longer wait is not felt. */
const BUSY_BYTES = 4 * 1_024;
const BUSY = { writingShare: 1 / 10, waitMaxMs: 50 };

/** So much for one socket leaves at once, bytes: what waits for company here must never make a reader look slow. */
const COMPANY_BYTES_MAX = 64 * 1_024;

/** Sockets that have something to write; they write together. */
let corked: Socket[] = [];
/** Before this nothing is written; monotonic, ms. */
let restsUntil = 0;
/** The last bytes, how many sockets in a row got them, and the most that did since the last write. */
let last: Buffer | undefined;
let inARow = 0;
let mostInARow = 0;

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  const began = performance.now();
  let bytes = 0;
  for (const socket of sockets) {
    bytes += socket.writableLength;
    socket.uncork();
  }
  const now = performance.now();
  const few = bytes >= BUSY_BYTES * sockets.length ? BUSY : FEW;
  const { writingShare, waitMaxMs } = mostInARow < CROWD_SOCKETS ? few : CROWD;
  mostInARow = 0;
  restsUntil = now + Math.min(waitMaxMs, (now - began) * (1 / writingShare - 1));
}

/**
 * Writes without a system call of its own: all that is written to a socket in one turn of the event loop leaves in one
 * write. After a write that took long the next one waits four times as long, 25 ms at most (a crowd's nine times, 100 ms
 * at most), and takes along what comes meanwhile; a small one, or the first after a pause, leaves at the end of the
 * turn. What is large already does not wait.
 */
export function writeCorked(socket: Socket, bytes: Buffer): void {
  inARow = bytes === last ? inARow + 1 : 1;
  last = bytes;
  if (inARow > mostInARow) mostInARow = inARow;
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
