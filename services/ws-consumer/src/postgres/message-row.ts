import type { MessageExtra, MessageFrame } from "@parley/protocol/message";

/** The columns of an entry, as they become a message. */
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

/** A stored message as members see it; if it was never changed, the same as what they saw live, key by key. */
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
