import { type LogMessage, messageKey } from "@parley/protocol/log";
import type { AppendMessage } from "../../application/post-message.ts";
import type { PublishEntry } from "../../application/publish-message.ts";

/** Encodes a message as members will see it, once, and appends it to the log. */
export function createAppendMessage(publish: PublishEntry): AppendMessage {
  return ({ id, room, author, body, at, replyTo }, isGone, receiptTo) => {
    const entry: LogMessage = {
      type: "message",
      room,
      id,
      author,
      body,
      at: at.toISOString(),
      ...(replyTo === undefined ? {} : { replyTo }),
    };
    return publish({
      room,
      key: messageKey(room, author.id, id),
      payload: JSON.stringify(entry),
      isGone,
      receiptTo,
    });
  };
}
