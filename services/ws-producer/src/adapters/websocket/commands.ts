import { PostFrame, TypingFrame } from "@parley/protocol/client-frames";
import { contentOf } from "@parley/protocol/message";
import type { AckFrame, StoredFrame } from "@parley/protocol/server-frames";
import { type Command, command } from "@parley/socket/command";
import type { Connection } from "@parley/socket/connection";
import type { AnnounceTyping } from "../../application/announce-typing.ts";
import type { Posted, PostMessage } from "../../application/post-message.ts";

/** Waits for the writer to say under which seq Postgres has a message. */
export type AwaitStored = Readonly<{
  /** A subject of this process on which one message's receipt will come. */
  open: () => string;
  /** Resolves with the seq; asks again until it is known or `isGone`. Rejects when nobody waits any more. */
  wait: (receiptTo: string, posted: Posted, isGone: () => boolean) => Promise<number>;
}>;

/** The answer to a message that the log has, on the socket and over HTTP. */
export function ackOf({ message, duplicate }: Posted): AckFrame {
  const { id, room, at } = message;
  return { type: "ack", id, room, stored: "log", duplicate, at };
}

/** `message`: posts, answers `ack` once the log has it and, if asked, `stored` once Postgres has it. */
export function postCommand(postMessage: PostMessage, stored: AwaitStored): Command {
  return command("message", PostFrame, (connection: Connection, frame) => {
    const { userId, username } = connection.identity;
    const author = { id: userId, username };
    const { isGone } = connection;
    const draft = { id: frame.id, room: frame.room, content: contentOf(frame) };
    if (frame.receipt !== "stored")
      return postMessage(draft, author, { isGone }).then((posted) => connection.send(ackOf(posted)));
    const receiptTo = stored.open();
    return postMessage(draft, author, { isGone, receiptTo }).then(async (posted) => {
      connection.send(ackOf(posted));
      const { id, room } = posted.message;
      const seq = await stored.wait(receiptTo, posted, isGone);
      connection.send({ type: "stored", id, room, seq } satisfies StoredFrame);
    });
  });
}

/** `typing`: told to whoever has the room open; it has no answer. */
export function typingCommand(announceTyping: AnnounceTyping): Command {
  return command("typing", TypingFrame, ({ identity }, { room, isTyping }) =>
    announceTyping(room, { id: identity.userId, username: identity.username }, isTyping),
  );
}
