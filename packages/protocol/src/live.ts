/** Frames of one room, in order and without a hole: `frames[i]` has the seq `first + i`. */
export type LiveFrames = Readonly<{ first: number; frames: readonly string[] }>;

const LINE_FEED = 0x0a;

/**
 * Packs frames for one core NATS message: the first seq, then a frame per line (JSON has no raw line breaks). Bytes at
 * once: this is done for every message, and a text of all frames would be made only to be encoded.
 */
export function packLive(first: number, frames: readonly string[]): Buffer {
  const head = String(first);
  let size = head.length;
  for (const frame of frames) size += 1 + Buffer.byteLength(frame);
  const packet = Buffer.allocUnsafe(size);
  let at = packet.write(head);
  for (const frame of frames) {
    packet[at] = LINE_FEED;
    at += 1 + packet.write(frame, at + 1);
  }
  return packet;
}

/** @throws {Error} if the text was not made by `packLive`. */
export function unpackLive(text: string): LiveFrames {
  const lines = text.split("\n");
  const first = Number(lines[0]);
  if (!Number.isSafeInteger(first) || first < 1 || lines.length < 2) throw new Error("not a live packet");
  return { first, frames: lines.slice(1) };
}

/** A log entry becomes a frame by getting its seq; nothing is parsed or encoded again. */
export function withSeq(entry: string, seq: number): string {
  return `{"seq":${seq},${entry.slice(1)}`;
}
