import type { Message } from "@parley/client";
import { type Item, isMessage } from "./rows.ts";

/** Messages in the document at most, and by how many the window moves. */
export const WINDOW = 300;
const STEP = 60;

/** Place of the first item from a seq on; messages are in its order, and what is not stored yet follows them. */
function placeOf(items: readonly Item[], seq: number): number {
  const at = items.findIndex((item) => !isMessage(item) || item.seq >= seq);
  return at < 0 ? items.length : at;
}

/** The message of a seq; undefined if it is not among the items. */
export function messageOf(items: readonly Item[], seq: number): Message | undefined {
  const item = items[placeOf(items, seq)];
  return item && isMessage(item) && item.seq === seq ? item : undefined;
}

/** Which part of the messages is in the document: from the one of seq `first` on, or the last ones. */
export function windowStart(items: readonly Item[], first: number | undefined): number {
  const end = Math.max(0, items.length - WINDOW);
  if (first === undefined) return end;
  const at = placeOf(items, first);
  return at === items.length ? end : at;
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
  return seqAt(items, Math.max(0, placeOf(items, seq) - WINDOW / 2));
}
