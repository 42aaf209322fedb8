const FIN_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

const headLengthOf = (length: number) => (length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10);

/** Writes a frame at `at`; returns where the next one begins. */
function writeFrame(frames: Buffer, at: number, text: string, length: number): number {
  const head = headLengthOf(length);
  frames[at] = FIN_TEXT;
  if (head === 2) frames[at + 1] = length;
  else if (head === 4) {
    frames[at + 1] = LENGTH_16;
    frames.writeUInt16BE(length, at + 2);
  } else {
    frames[at + 1] = LENGTH_64;
    frames.writeBigUInt64BE(BigInt(length), at + 2);
  }
  frames.write(text, at + head, "utf8");
  return at + head + length;
}

/**
 * Encodes one unmasked text frame (RFC 6455 section 5.2). The buffer can be written to any number of sockets, so that a
 * message is encoded once and not once per reader (docs/decisions/0011).
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headLengthOf(length) + length);
  writeFrame(frame, 0, text, length);
  return frame;
}

/** Encodes several text frames as one buffer, for one write. */
export function encodeTextFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headLengthOf(length) + length, 0));
  let at = 0;
  texts.forEach((text, i) => {
    at = writeFrame(frames, at, text, lengths[i] as number);
  });
  return frames;
}
