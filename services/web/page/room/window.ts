import { type Item, isMessage } from "./rows.ts";

/** Messages in the document at most, and by how many the window moves. */
export const WINDOW = 300;
const STEP = 60;

/** Which part of the messages is in the document: from the one of seq `first` on, or the last ones. */
export function windowStart(items: readonly Item[], first: number | undefined): number {
  const end = Math.max(0, items.length - WINDOW);
  if (first === undefined) return end;
  const at = items.findIndex((item) => !isMessage(item) || item.seq >= first);
  return at < 0 ? end : at;
}

/** Seq of the message at a place; undefined if there is none that has one. */
export const seqAt = (items: readonly Item[], at: number): number | undefined => {
  const item = items[at];
  return item && isMessage(item) ? item.seq : undefined;
};

/** The window one step towards the oldest; undefined if it is there. */
export const earlier = (items: readonly Item[], start: number): number | undefined =>
  start > 0 ? seqAt(items, Math.max(0, start - STEP)) : undefined;

/** The window one step towards the newest; undefined if it is there. */
export function later(items: readonly Item[], start: number): number | undefined {
  const end = Math.max(0, items.length - WINDOW);
  return start < end ? seqAt(items, Math.min(end, start + STEP)) : undefined;
}

/** The window with a message in its middle. */
export function around(items: readonly Item[], seq: number): number | undefined {
  const at = items.findIndex((item) => !isMessage(item) || item.seq >= seq);
  return seqAt(items, Math.max(0, (at < 0 ? items.length : at) - WINDOW / 2));
}
