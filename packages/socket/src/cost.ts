/**
 * What every frame costs before its type is known, in units of packages/runtime/src/work.ts. The cost of a command is
 * declared beside its handler.
 */

/** A data frame, whatever it says. */
export const FRAME_COST = 0.2;
/** Bytes of a data frame that cost one unit more: they are parsed and checked. */
export const BYTES_PER_UNIT = 8_192;
/** A ping, which is answered. */
export const PING_COST = 0.2;
/** A pong: two of them a minute are expected. */
export const PONG_COST = 0.05;
/** A frame that came in the same read as the one that emptied the budget, and is dropped. */
export const DROPPED_COST = 0.02;
/** A handshake: the upgrade and the verification of a token. Includes the close of the socket. */
export const HANDSHAKE_COST = 10;
/** Messages that were replayed to a socket for one unit. */
export const REPLAYED_PER_UNIT = 10;

/** Units a second, and at once, of a socket before it is authenticated: enough for `auth` and what comes behind it. */
export const PENDING_PER_SECOND = 5;
export const PENDING_BURST = 25;
