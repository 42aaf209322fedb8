import type { LogEventOf } from "@parley/protocol/events";
import { eventKey } from "@parley/protocol/log";
import { shardOf } from "@parley/protocol/rooms";
import type { PublishEntry } from "../../application/publish-message.ts";
import type { AppendReaction } from "../../application/react.ts";
import type { Backlog } from "./backlog.ts";

/** Encodes a reaction as members will see it, and appends it to the log unless too much waits there. */
export function createAppendReaction(
  publish: PublishEntry,
  backlog: Backlog,
  shards: number,
): AppendReaction {
  return ({ id, room, author, at, target, emoji, remove }, isGone) => {
    backlog.check(shardOf(room, shards));
    const entry: LogEventOf<"reaction"> = {
      type: "reaction",
      room,
      id,
      author,
      at,
      target,
      emoji,
      remove,
    };
    const key = eventKey(room, author.id, "reaction", id);
    return publish({ room, key, payload: JSON.stringify(entry), at, isGone });
  };
}
