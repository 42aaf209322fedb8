/**
 * A pack is several entries of a shard in one message of the log, so that they share one write and one sync to the disk
 * (docs/decisions/0002). Each line is the JSON of an entry, which has no line break, preceded by the subject of its
 * receipt and a space if it has one.
 */

/** In the place of the room in the subject of a pack; no room can have this name. */
export const PACK_ROOM = "_pack";
/** Most entries in one pack. */
export const PACK_ENTRIES_MAX = 500;
/** Most bytes of their payloads; the server's limit is 1 MiB per message. */
export const PACK_BYTES_MAX = 256 * 1024;

/** An entry to be packed: its JSON, its length as UTF-8, and the subject of its receipt (ASCII). */
export type PackEntry = Readonly<{ payload: string; bytes: number; receiptTo?: string | undefined }>;

const BLANK = 0x20;
const LINE_END = 0x0a;

/** Bytes of a pack's payload. */
export function packLength(entries: readonly PackEntry[]): number {
  return entries.reduce(
    (sum, { bytes, receiptTo }) => sum + bytes + 1 + (receiptTo === undefined ? 0 : receiptTo.length + 1),
    -1,
  );
}

/**
 * Writes a pack's payload at the offset `at` and returns its end. It writes into the bytes that are sent, because joining
 * the lines first would copy them three times.
 */
export function writePack(into: Buffer, at: number, entries: readonly PackEntry[]): number {
  let end = at;
  for (const [i, { payload, receiptTo }] of entries.entries()) {
    if (i > 0) end = into.writeUInt8(LINE_END, end);
    if (receiptTo !== undefined) end = into.writeUInt8(BLANK, end + into.write(receiptTo, end, "latin1"));
    end += into.write(payload, end, "utf8");
  }
  return end;
}

/** Parses a line of a pack. A line may be anything, because operators can publish to the log. */
export function parseLine(line: string): { text: string; receiptTo: string | undefined } {
  const brace = line.indexOf("{");
  if (brace < 1) return { text: line, receiptTo: undefined };
  return { text: line.slice(brace), receiptTo: line.slice(0, brace).trimEnd() };
}
