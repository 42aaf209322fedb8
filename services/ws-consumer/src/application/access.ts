import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";
import type { ReadHeads } from "./hub.ts";
import type { CheckReadable } from "./read-history.ts";

/**
 * Who may read which room: channels are open to all. A channel that nobody has posted to yet is there already where
 * channels are made by their first message.
 */
export function createAccess(readHeads: ReadHeads, isAutoCreated: boolean): CheckReadable {
  return async (_userId, room) => {
    const isChannel = kindOf(room) === "channel";
    if (isChannel && isAutoCreated) return;
    if (isChannel && (await readHeads([room])).has(room)) return;
    throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
  };
}
