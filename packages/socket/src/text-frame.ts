const FIN_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * A whole unmasked text frame (RFC 6455 section 5.2), ready to be written to any number of sockets. Encoding once
 * per message instead of once per receiver is most of what makes a fan-out cheap.
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < LENGTH_16 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = FIN_TEXT;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head, "utf8");
  return frame;
}

/** Several frames as one buffer, so that they leave in one write. */
export function encodeTextFrames(texts: readonly string[]): Buffer {
  return texts.length === 1 ? encodeTextFrame(texts[0] as string) : Buffer.concat(texts.map(encodeTextFrame));
}
