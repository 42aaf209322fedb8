/**
 * Several entries of a shard in one message of the log, a line for each: what waits together is one write and one sync
 * to the disk (docs/decisions/0031). A line is the entry's JSON, which has no line break in it, with the subject of its
 * receipt and a blank before it if somebody waits for one.
 */

/** Stands in the subject of a pack where another message has its room; no room can be called that. */
export const PACK_ROOM = "_pack";
/** Entries in one pack at most. */
export const PACK_ENTRIES_MAX = 500;
/** Bytes of their payloads; the server takes messages of up to 1 MiB. */
export const PACK_BYTES_MAX = 256 * 1024;

/** The payload of a pack. */
export function packOf(entries: readonly Readonly<{ payload: string; receiptTo?: string | undefined }>[]) {
  return entries
    .map(({ payload, receiptTo }) => (receiptTo === undefined ? payload : `${receiptTo} ${payload}`))
    .join("\n");
}

/** What a line of a pack says. It may be anything: the log may hold what somebody has put into it by hand. */
export function lineOf(line: string): { text: string; receiptTo: string | undefined } {
  const brace = line.indexOf("{");
  if (brace < 1) return { text: line, receiptTo: undefined };
  return { text: line.slice(brace), receiptTo: line.slice(0, brace).trimEnd() };
}
