import type { Message, Pending } from "@parley/client";
import { dayOf } from "../parts/times.ts";

export type Item = Message | Pending;
/** A line of a room's list. Keys stay the same when a message that was sent comes back with its seq. */
export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; item: Message; isFirst: boolean }
  | { kind: "pending"; key: string; item: Pending; isFirst: boolean };

/** Messages of one author are a group while no longer pause is between them, ms. */
const GROUP_MS = 5 * 60_000;

export const isMessage = (item: Item): item is Message => "seq" in item;

/**
 * The lines of messages: days, the unread line, and which message begins a group.
 *
 * @param me id of the reader
 * @param unreadAfter the unread line is before the first message of somebody else behind this seq
 * @param isBeginning whether the first item is the first of the room: else the line's place before it is not known
 */
export function rowsOf(
  items: readonly Item[],
  me: string,
  unreadAfter: number | undefined,
  isBeginning: boolean,
): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let author = "";
  let isLineDue = unreadAfter !== undefined;
  for (const item of items) {
    if (!isMessage(item)) {
      rows.push({ kind: "pending", key: `${me}/${item.id}`, item, isFirst: author !== me });
      author = me;
      continue;
    }
    const isNewDay = before === undefined || dayOf(before.at) !== dayOf(item.at);
    if (isNewDay) rows.push({ kind: "day", key: `day/${dayOf(item.at)}`, at: item.at });
    const isBehind = item.seq > (unreadAfter ?? 0) && item.author.id !== me;
    const isLine = isLineDue && isBehind && (before !== undefined || isBeginning);
    if (isLine) rows.push({ kind: "unread", key: "unread" });
    isLineDue &&= !isBehind;
    const isFirst = isNewDay || isLine || author !== item.author.id || isPause(before, item);
    rows.push({ kind: "message", key: `${item.author.id}/${item.id}`, item, isFirst });
    before = item;
    author = item.author.id;
  }
  return rows;
}

const isPause = (before: Message | undefined, item: Message): boolean =>
  before === undefined ||
  item.replyTo !== undefined ||
  Date.parse(item.at) - Date.parse(before.at) > GROUP_MS;
