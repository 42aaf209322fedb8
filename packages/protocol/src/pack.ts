/**
 * Several entries of a shard in one message of the log, a line for each: what waits together is one write and one sync
 * to the disk (docs/decisions/0002). A line is the entry's JSON, which has no line break in it, with the subject of its
 * receipt and a blank before it if somebody waits for one.
 */

/** Stands in the subject of a pack where another message has its room; no room can be called that. */
export const PACK_ROOM = "_pack";
/** Entries in one pack at most. */
export const PACK_ENTRIES_MAX = 500;
/** Bytes of their payloads; the server takes messages of up to 1 MiB. */
export const PACK_BYTES_MAX = 256 * 1024;

/** An entry to be packed: its JSON, how long that is as UTF-8, and where somebody waits for its receipt (ASCII). */
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
 * Writes a pack's payload at `at`; gives where it ends. Straight into the bytes that are sent, because joined first it
 * would be copied three times.
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

/** What a line of a pack says. It may be anything: the log may hold what somebody has put into it by hand. */
export function lineOf(line: string): { text: string; receiptTo: string | undefined } {
  const brace = line.indexOf("{");
  if (brace < 1) return { text: line, receiptTo: undefined };
  return { text: line.slice(brace), receiptTo: line.slice(0, brace).trimEnd() };
}
