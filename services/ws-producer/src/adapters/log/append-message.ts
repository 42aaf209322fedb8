import { type LogMessage, messageKey } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import { crashPoint } from "@parley/runtime/crash-point";
import type { AppendMessage } from "../../application/post-message.ts";
import type { PublishEntry } from "../../application/publish-message.ts";
import type { Backlog } from "./backlog.ts";

/** Encodes a message as members will see it, once, and appends it to the log unless too much waits there. */
export function createAppendMessage(publish: PublishEntry, backlog: Backlog, shards: number): AppendMessage {
  return ({ id, room, author, body, at, replyTo }, isGone, receiptTo) => {
    backlog.check(shardOf(room, shards));
    const entry: LogMessage = { type: "message", room, id, author, body, at };
    if (replyTo !== undefined) entry.replyTo = replyTo;
    const key = messageKey(room, author.id, id);
    crashPoint("producer-before-publish");
    return publish({ room, key, payload: JSON.stringify(entry), isGone, receiptTo });
  };
}
