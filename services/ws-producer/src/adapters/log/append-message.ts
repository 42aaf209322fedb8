import { messageKey } from "@parley/protocol/log";
import { logMessageOf } from "@parley/protocol/message";
import { shardOf } from "@parley/protocol/rooms";
import { crashPoint } from "@parley/runtime/crash-point";
import type { AppendMessage } from "../../application/post-message.ts";
import type { PublishEntry } from "../../application/publish-message.ts";
import type { Backlog } from "./backlog.ts";

/** Encodes a message as members will see it, once, and appends it to the log unless too much waits there. */
export function createAppendMessage(publish: PublishEntry, backlog: Backlog, shards: number): AppendMessage {
  return (message, isGone, receiptTo) => {
    const { id, room, author, at, content } = message;
    backlog.check(shardOf(room, shards));
    const key = messageKey(room, author.id, id);
    crashPoint("producer-before-publish");
    return publish({
      room,
      key,
      payload: JSON.stringify(logMessageOf(message, content)),
      at,
      isGone,
      receiptTo,
    });
  };
}
