/** Consecutive frames of one room: `frames[i]` has the seq `first + i`. */
type LiveFrames = Readonly<{ first: number; frames: readonly string[] }>;

const LINE_FEED = 0x0a;

/**
 * Packs frames for one core NATS message: the first seq, then one frame per line (JSON has no raw line breaks). It writes
 * bytes directly: this runs for every message, and joining the frames first would copy them once more.
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

/** Makes a frame of a log entry by inserting its seq, without parsing it. */
export function withSeq(entry: string, seq: number): string {
  return `{"seq":${seq},${entry.slice(1)}`;
}
