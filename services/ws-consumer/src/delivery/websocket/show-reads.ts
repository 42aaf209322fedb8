import type { ReadMark } from "@parley/protocol/reads";
import { kindOf } from "@parley/protocol/rooms";
import type { Hub } from "../hub.ts";
import type { UserConnections } from "./user-connections.ts";

/** Shows a moved read cursor to the user's own connections and, but in channels, to the room's other listeners. */
export function showReads(hub: Hub, users: UserConnections): (mark: ReadMark) => void {
  return (mark) => {
    const frame = { type: "read", ...mark };
    if (kindOf(mark.room) !== "channel") hub.broadcast([mark.room], frame, mark.user.id);
    for (const connection of users.of(mark.user.id)) connection.send(frame);
  };
}
