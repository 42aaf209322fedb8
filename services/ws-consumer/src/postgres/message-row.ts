import type { MessageExtra, MessageFrame } from "@parley/protocol/message";

/** Columns of `chat.entries` (under the alias `e`) that make a `MessageRow`. */
export const MESSAGE_COLUMNS = (e: string) => `
  ${e}.seq, ${e}.type, ${e}.client_id as id, ${e}.author_id as "authorId", ${e}.author_username as "authorUsername",
  ${e}.body, ${e}.at, ${e}.reply_to as "replyTo", ${e}.extra, ${e}.edited_at as "editedAt", ${e}.deleted_at as "deletedAt"`;

export type MessageRow = {
  seq: number;
  id: string;
  authorId: string;
  authorUsername: string;
  body: string;
  at: Date;
  replyTo: number | null;
  extra: MessageExtra | null;
  editedAt: Date | null;
  deletedAt: Date | null;
};

/** Makes the frame of a stored message. If it was never changed, the frame equals the live one, key by key. */
export function messageOf(room: string, row: MessageRow): MessageFrame {
  const { seq, id, authorId, authorUsername, body, at, replyTo, extra, editedAt, deletedAt } = row;
  const author = { id: authorId, username: authorUsername };
  return {
    seq,
    type: "message",
    room,
    id,
    author,
    body,
    at: at.toISOString(),
    ...(replyTo === null ? {} : { replyTo }),
    ...extra,
    ...(editedAt === null ? {} : { editedAt: editedAt.toISOString() }),
    ...(deletedAt === null ? {} : { deletedAt: deletedAt.toISOString() }),
  };
}
