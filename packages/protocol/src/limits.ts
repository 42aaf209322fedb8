/** Longest body of a message, characters. */
export const BODY_LENGTH_MAX = 4_000;
/**
 * Largest frame that is taken, bytes. Whatever meets the other limits fits, also with every character escaped; a test
 * computes it. A larger one is answered `too_large`.
 */
export const FRAME_BYTES_MAX = 65_536;
/** Largest frame that is read at all, bytes; a larger one closes the socket with 1009. */
export const OVERSIZE_FRAME_BYTES_MAX = 4 * FRAME_BYTES_MAX;
/** Largest frame before authentication, bytes; a larger one closes the socket with 1009. */
export const EARLY_FRAME_BYTES_MAX = 8_192;
/** Longest title of a room, characters. */
export const TITLE_LENGTH_MAX = 100;
/** Longest id that a client may give to a frame, characters. */
export const ID_LENGTH_MAX = 64;
/** Longest emoji or name of one, characters. */
export const EMOJI_LENGTH_MAX = 32;
/** Longest token that is verified, characters. */
export const TOKEN_LENGTH_MAX = 4_096;
/** Sustained rate of one user's messages, per second. */
export const MESSAGES_PER_SECOND = 20;
/** Messages that one user may send at once after a quiet time. */
export const MESSAGES_BURST = 40;
/** Sustained rate and burst of one user's typing notices in one room; others are dropped. */
export const TYPING_PER_SECOND = 2;
export const TYPING_BURST = 4;
/** Rooms in one `resume`. */
export const ROOMS_PER_RESUME_MAX = 150;
/** Rooms that one socket may listen to. */
export const ROOMS_PER_SOCKET_MAX = 500;
/** Messages that a resume replays; a client that is further behind gets a `gap`. */
export const REPLAY_MAX = 1_000;
/** Messages in the newest page that follows a `gap`, and the default page of history. */
export const PAGE_SIZE = 50;
/** Most messages in one page of history. */
export const PAGE_SIZE_MAX = 200;
/** Interval of a server's pings, ms. */
export const HEARTBEAT_MS = 20_000;
/** Deadline of a socket's authentication, ms. */
export const AUTH_DEADLINE_MS = 5_000;
/** Bad frames within `BAD_FRAMES_WINDOW_MS` after which a socket is closed with 4400. */
export const BAD_FRAMES_MAX = 10;
export const BAD_FRAMES_WINDOW_MS = 10_000;
