import { ReactionFrame, ReadFrame } from "@parley/protocol/client-frames";
import type { AckFrame, ReadAckFrame } from "@parley/protocol/server-frames";
import { type Command, command } from "@parley/socket/command";
import type { ForwardRead } from "../../application/forward-read.ts";
import type { React } from "../../application/react.ts";

/** `reaction`: answers `ack` once the log has it. */
export function reactionCommand(react: React): Command {
  return command("reaction", ReactionFrame, async (connection, { id, room, seq, emoji, remove = false }) => {
    const { userId, username } = connection.identity;
    const draft = { room, target: seq, emoji, remove, ...(id === undefined ? {} : { id }) };
    const isGone = () => !connection.isOpen;
    const { reaction, duplicate } = await react(draft, { id: userId, username }, isGone);
    connection.send({
      type: "ack",
      id: reaction.id,
      room,
      stored: "log",
      duplicate,
      at: reaction.at,
    } satisfies AckFrame);
  });
}

/** `read`: answers `ack` with the cursor once Postgres has it. */
export function readCommand(forwardRead: ForwardRead): Command {
  return command("read", ReadFrame, async (connection, { id, room, seq }) => {
    const { userId, username } = connection.identity;
    const now = await forwardRead({ room, user: { id: userId, username }, seq });
    const ack: ReadAckFrame = { type: "ack", room, seq: now, ...(id === undefined ? {} : { id }) };
    connection.send(ack);
  });
}
