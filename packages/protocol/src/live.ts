/** Frames of one room, in order and without a hole: `frames[i]` has the seq `first + i`. */
export type LiveFrames = Readonly<{ first: number; frames: readonly string[] }>;

/** Packs frames for one core NATS message: the first seq, then a frame per line (JSON has no raw line breaks). */
export function packLive(first: number, frames: readonly string[]): string {
  return `${first}\n${frames.join("\n")}`;
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
