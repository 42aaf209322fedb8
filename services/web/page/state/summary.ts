import type { RoomEvent, RoomSummary } from "@parley/client";

/** A room of the inbox after something has happened in it. Pure. */
export function applyEvent(room: RoomSummary, event: RoomEvent, me: string): RoomSummary {
  if (event.seq <= room.head) return room;
  const next = { ...room, head: event.seq };
  const { lastMessage } = room;
  switch (event.type) {
    case "message": {
      const isMine = event.author.id === me;
      const unread = isMine || event.seq <= room.readSeq ? room.unread : room.unread + 1;
      return { ...next, lastMessage: event, activeAt: event.at, unread };
    }
    case "message_edited":
      if (lastMessage?.seq !== event.target) return next;
      return { ...next, lastMessage: { ...lastMessage, body: event.body, editedAt: event.at } };
    case "message_deleted":
      if (lastMessage?.seq !== event.target) return next;
      return { ...next, lastMessage: { ...lastMessage, body: "", deletedAt: event.at } };
    case "room_updated":
      return { ...next, title: event.title };
    default:
      return next;
  }
}

/** A room of the inbox after the user has read up to `seq`, here or elsewhere. What is left unread is not known exactly. */
export function applyRead(room: RoomSummary, seq: number): RoomSummary {
  if (seq <= room.readSeq) return room;
  const isAll = seq >= (room.lastMessage?.seq ?? 0);
  const left = Math.min(room.unread, Math.max(0, room.head - seq));
  return { ...room, readSeq: seq, unread: isAll ? 0 : left };
}

/** Pinned rooms first, then the newest first. */
export const inOrder = (rooms: readonly RoomSummary[]): RoomSummary[] =>
  [...rooms].sort(
    (a, b) =>
      Number(b.isPinned) - Number(a.isPinned) ||
      (a.activeAt < b.activeAt ? 1 : a.activeAt > b.activeAt ? -1 : 0),
  );
