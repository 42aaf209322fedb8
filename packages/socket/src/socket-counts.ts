import { CLOSE, ERROR_STATUS, type ErrorCode } from "@parley/protocol/codes";
import { FRAMES } from "@parley/protocol/frame-table";
import { zeroed } from "@parley/runtime/histogram";

/** Code of a close without a close frame (RFC 6455 section 7.1.5). */
export const ABNORMAL = 1006;
/** Closes that peers begin, and those without a close frame (RFC 6455 section 7.4.1). */
const PEER_CODES = ["1000", "1001", "1005", String(ABNORMAL)];
const CLOSE_CODES = [...new Set([...PEER_CODES, ...Object.values(CLOSE).map(String), "other"])];

/** What becomes of a frame or a handshake: taken, refused with a code, or a fault of ours. */
export const RESULTS = ["ok", ...(Object.keys(ERROR_STATUS) as ErrorCode[]), "failed"] as const;
export type Result = (typeof RESULTS)[number];

const TYPES = Object.values(FRAMES).flatMap(({ sends }) => sends.map(({ frame }) => typeOfSchema(frame)));

/** The types of frames that a service sends. */
export const sentTypesOf = (service: keyof typeof FRAMES): string[] => [
  ...new Set(FRAMES[service].sends.map(({ frame }) => typeOfSchema(frame))),
];

function typeOfSchema(schema: object): string {
  return (schema as { properties: { type: { const: string } } }).properties.type.const;
}

/**
 * What the sockets of this process did, as plain numbers: kept here and not in each connection, because there are many of
 * those, and one door in a process.
 */
export const socketCounts = {
  /** Frames by type. */
  framesSent: zeroed(TYPES) as Record<string, number>,
  /** Frames that were dropped unread because a budget was empty. */
  framesDropped: 0,
  /** Frames that are no command, by why. */
  unreadable: zeroed(RESULTS),
  handshakes: zeroed(RESULTS),
  /** Bytes after the handshake; those of close and ping frames that we send are not counted. */
  bytesReceived: 0,
  bytesSent: 0,
  closes: zeroed(CLOSE_CODES),
};

/** Counts a socket that closes, by the code that was sent or received first. */
export function countClose(code: number): void {
  const { closes } = socketCounts;
  const name = code in closes ? String(code) : "other";
  closes[name] = (closes[name] ?? 0) + 1;
}
