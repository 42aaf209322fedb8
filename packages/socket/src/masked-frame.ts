import { isUtf8 } from "node:buffer";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";

/** The first byte of a frame that is whole in itself: FIN, no extension, and the opcode. */
const TEXT = 0x81;
const PING = 0x89;
const PONG = 0x8a;
const MASKED = 0x80;
const LENGTH_16 = 126;
const CONTROL_LENGTH_MAX = 125;
const MASK_BYTES = 4;

/** Said of a frame that is left to ws: no frame ends at 0. */
export const STRANGE = 0;

/** Bytes before the payload of a masked frame whose length has 7 or 16 bits. */
const headLengthAt = (bytes: Buffer, at: number) =>
  ((bytes[at + 1] as number) ^ MASKED) === LENGTH_16 ? 4 + MASK_BYTES : 2 + MASK_BYTES;

/**
 * Where the frame of a client ends that begins at `at` (RFC 6455 section 5.2): behind the end of the bytes if it is cut,
 * `STRANGE` if it is no whole and masked text of up to `FRAME_BYTES_MAX` bytes, ping or pong.
 */
export function frameEnd(bytes: Buffer, at: number): number {
  const left = bytes.length - at;
  if (left < 2) return bytes.length + 1;
  const opcode = bytes[at];
  const length = (bytes[at + 1] as number) ^ MASKED;
  if (opcode === PING || opcode === PONG)
    return length <= CONTROL_LENGTH_MAX ? at + 2 + MASK_BYTES + length : STRANGE;
  // An unmasked one has a length of more than 7 bits here.
  if (opcode !== TEXT || length > LENGTH_16) return STRANGE;
  if (length < LENGTH_16) return at + 2 + MASK_BYTES + length;
  if (left < 4) return bytes.length + 1;
  const length16 = bytes.readUInt16BE(at + 2);
  return length16 <= FRAME_BYTES_MAX ? at + 4 + MASK_BYTES + length16 : STRANGE;
}

/** Unmasks in place what follows its mask (RFC 6455 section 5.3), or masks it again; gives all its bytes or-ed. */
function unmask(bytes: Buffer, from: number, end: number): number {
  const m0 = bytes[from - 4] as number;
  const m1 = bytes[from - 3] as number;
  const m2 = bytes[from - 2] as number;
  const m3 = bytes[from - 1] as number;
  let seen = 0;
  let at = from;
  // Four at a time, so that the mask is read once and not for each byte.
  for (; at + 3 < end; at += 4) {
    const b0 = (bytes[at] as number) ^ m0;
    const b1 = (bytes[at + 1] as number) ^ m1;
    const b2 = (bytes[at + 2] as number) ^ m2;
    const b3 = (bytes[at + 3] as number) ^ m3;
    bytes[at] = b0;
    bytes[at + 1] = b1;
    bytes[at + 2] = b2;
    bytes[at + 3] = b3;
    seen |= b0 | b1 | b2 | b3;
  }
  for (let mask = from - 4; at < end; at += 1, mask += 1) {
    const byte = (bytes[at] as number) ^ (bytes[mask] as number);
    bytes[at] = byte;
    seen |= byte;
  }
  return seen;
}

/** Whether the frame that begins at `at`, and that is not strange, is a text; if not it is a ping or pong. */
export const isText = (bytes: Buffer, at: number): boolean => bytes[at] === TEXT;

/**
 * The text of the whole text frame from `at` to `end`, which is unmasked in place. Undefined if it is not UTF-8: then the
 * frame is as it was.
 */
export function textOf(bytes: Buffer, at: number, end: number): string | undefined {
  const from = at + headLengthAt(bytes, at);
  const isAscii = unmask(bytes, from, end) < 0x80;
  // It is known here already that nothing is to be checked or decoded.
  if (isAscii) return bytes.toString("latin1", from, end);
  if (isUtf8(bytes.subarray(from, end))) return bytes.toString("utf8", from, end);
  unmask(bytes, from, end);
  return undefined;
}
