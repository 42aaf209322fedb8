import { PostFrame, ReactionFrame, ReadFrame } from "@parley/protocol/client-frames";
import type { User } from "@parley/protocol/fields";
import { contentOf } from "@parley/protocol/message";
import type { AckFrame, ReadAckFrame, StoredFrame } from "@parley/protocol/server-frames";
import { type Command, command } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { AwaitedEntry } from "../../application/awaited-entry.ts";
import type { ForwardRead } from "../../application/forward-read.ts";
import type { Posted, PostMessage } from "../../application/post-message.ts";
import type { React } from "../../application/react.ts";

/** Receipts of entries that Postgres has. */
export type AwaitStored = Readonly<{
  /** Returns the subject of one entry's receipt. */
  open: () => string;
  /**
   * Resolves with the entry's seq. Rejects once `isGone` returns true, and for a reaction to what is no visible message
   * with `message_not_found`.
   */
  wait: (receiptTo: string, entry: AwaitedEntry, isGone: () => boolean) => Promise<number>;
}>;

const authorOf = ({ identity: { userId, username } }: Connection): User => ({ id: userId, username });

/** The acknowledgement of a message that the log has, on the socket and over HTTP. */
export function ackOf({ message, duplicate }: Posted): AckFrame {
  const { id, room, at } = message;
  return { type: "ack", id, room, stored: "log", duplicate, at };
}

/** `message`: answers `ack` once the log has it and, with `"receipt":"stored"`, `stored` once Postgres has it. */
export function postCommand(postMessage: PostMessage, stored: AwaitStored): Command {
  return command("message", PostFrame, 1, (connection, frame) => {
    const author = authorOf(connection);
    const { isLost: isGone, heardAt: since } = connection;
    const draft = { id: frame.id, room: frame.room, content: contentOf(frame) };
    if (frame.receipt !== "stored")
      return postMessage(draft, author, { isGone, since }).then((posted) => connection.send(ackOf(posted)));
    const receiptTo = stored.open();
    return postMessage(draft, author, { isGone, receiptTo, since }).then(async (posted) => {
      connection.send(ackOf(posted));
      const { message, ...place } = posted;
      const { id, room } = message;
      const seq = await stored.wait(receiptTo, { ...message, ...place }, connection.isGone);
      connection.send({ type: "stored", id, room, seq } satisfies StoredFrame);
    });
  });
}

/** `reaction`: answers `ack` once the log has it and, with `"receipt":"stored"`, `stored` once Postgres has it. */
export function reactionCommand(react: React, stored: AwaitStored): Command {
  return command("reaction", ReactionFrame, 1, async (connection, frame) => {
    const { id, room, seq: target, emoji, remove = false, receipt } = frame;
    const draft = { room, target, emoji, remove, ...(id === undefined ? {} : { id }) };
    const { isLost: isGone } = connection;
    const receiptTo = receipt === "stored" ? stored.open() : undefined;
    const waiting = receiptTo === undefined ? { isGone } : { isGone, receiptTo };
    const { reaction, ...place } = await react(draft, authorOf(connection), waiting);
    const { duplicate } = place;
    const ack: AckFrame = { type: "ack", id: reaction.id, room, stored: "log", duplicate, at: reaction.at };
    connection.send(ack);
    if (receiptTo === undefined) return;
    const seq = await stored.wait(receiptTo, { ...reaction, ...place }, connection.isGone);
    connection.send({ type: "stored", id: reaction.id, room, seq } satisfies StoredFrame);
  });
}

/** `read`: answers `ack` with the cursor's seq once Postgres has it. */
export function readCommand(forwardRead: ForwardRead): Command {
  return command("read", ReadFrame, 2, async (connection, { id, room, seq }) => {
    const cursor = await forwardRead({ room, user: authorOf(connection), seq });
    const ack: ReadAckFrame = { type: "ack", room, seq: cursor, ...(id === undefined ? {} : { id }) };
    connection.send(ack);
  });
}
