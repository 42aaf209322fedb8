import type { Socket } from "node:net";
import { socketCounts } from "./socket-counts.ts";

/** A room is large if one buffer is written to at least this many sockets. */
const LARGE_ROOM_SOCKETS = 250;
/** Sockets are busy if a flush has at least this many bytes for each, on average: about a dozen messages. */
const BUSY_BYTES = 4 * 1_024;
/**
 * Flushes take at most `writingShare` of the time, unless a frame would wait longer than `waitMaxMs`. A large room waits
 * longer, because the more messages share a system call, the less each delivery costs. As many sockets in small rooms
 * gain nothing from it: each has too few messages.
 */
const SMALL = { writingShare: 1 / 5, waitMaxMs: 25 };
const BUSY = { writingShare: 1 / 10, waitMaxMs: 50 };
const LARGE_ROOM = { writingShare: 1 / 10, waitMaxMs: 100 };

/** How long a held socket waits for more at most, ms: a look-up of rights waits 20 for company, and then for Postgres. */
const HELD_MAX_MS = 25;
/** Corked bytes of one socket that are written at once: corking must not make a reader look slow. */
const CORKED_BYTES_MAX = 64 * 1_024;

/** Sockets with corked bytes; one flush writes them all. */
let corked: Socket[] = [];
/** Corked sockets that are not written before more comes for them, and until when; monotonic, ms, in this order. */
const held = new Map<Socket, number>();
let releaseTimer: NodeJS.Timeout | undefined;
/** Time of the next flush at the earliest; monotonic, ms. */
let nextFlushAt = 0;
/** The last buffer written, to how many sockets in a row, and the largest such number since the last flush. */
let last: Buffer | undefined;
let inARow = 0;
let mostInARow = 0;

function flush(): void {
  const sockets = corked;
  corked = [];
  const began = performance.now();
  let bytes = 0;
  for (const socket of sockets) {
    bytes += socket.writableLength;
    socket.uncork();
  }
  const now = performance.now();
  const small = bytes >= BUSY_BYTES * sockets.length ? BUSY : SMALL;
  const { writingShare, waitMaxMs } = mostInARow < LARGE_ROOM_SOCKETS ? small : LARGE_ROOM;
  mostInARow = 0;
  nextFlushAt = now + Math.min(waitMaxMs, (now - began) * (1 / writingShare - 1));
}

/** Has a corked socket written by the next flush. */
function flushSoon(socket: Socket): void {
  if (corked.length === 0) {
    const wait = nextFlushAt - performance.now();
    if (wait < 1) setImmediate(flush);
    else setTimeout(flush, wait);
  }
  corked.push(socket);
}

function releaseHeld(): void {
  releaseTimer = undefined;
  const now = performance.now();
  for (const [socket, until] of held) {
    if (until - now >= 1) {
      releaseTimer = setTimeout(releaseHeld, until - now);
      return;
    }
    held.delete(socket);
    socket.uncork();
  }
}

/**
 * Corks a socket until bytes are written to it by `writeCorked`, at most `HELD_MAX_MS`: what was written before is one
 * system call with what is about to come.
 */
export function holdCorked(socket: Socket): void {
  if (held.has(socket)) return;
  if (!releaseTimer) releaseTimer = setTimeout(releaseHeld, HELD_MAX_MS);
  socket.cork();
  held.set(socket, performance.now() + HELD_MAX_MS);
}

/**
 * Writes bytes to a socket, corked: everything written to it until the next flush is one system call (docs/decisions/0011).
 *
 * The flush is at the end of this turn of the event loop, or later if the one before took long: four times as long, at
 * most 25 ms; nine times and at most 50 ms for busy sockets, at most 100 ms for a large room. More than
 * `CORKED_BYTES_MAX` for one socket are written at once. Order is kept, also with what ws writes to the same socket.
 */
export function writeCorked(socket: Socket, bytes: Buffer): void {
  inARow = bytes === last ? inARow + 1 : 1;
  last = bytes;
  if (inARow > mostInARow) mostInARow = inARow;
  if (socket.writableCorked === 0) {
    socket.cork();
    flushSoon(socket);
  } else if (held.delete(socket)) flushSoon(socket);
  socketCounts.bytesSent += bytes.length;
  socket.write(bytes);
  if (socket.writableLength > CORKED_BYTES_MAX) socket.uncork();
}
