import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";
import type { CheckReadable } from "../delivery/read-history.ts";
import { RIGHTS, type Standing } from "./rules/rights.ts";

/** What somebody is in a room; undefined if there is no such room. */
export type FindStanding = (
  userId: string,
  room: string,
) => Promise<Readonly<{ standing: Standing; isGone: boolean }> | undefined>;

/** Which of these users may read a room. */
export type WhoMayRead = (room: string, userIds: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Who may read which room. A channel that nobody has posted to yet is there already where channels are made by their
 * first message.
 */
export function createAccess(findStanding: FindStanding, isAutoCreated: boolean): CheckReadable {
  return async (userId, room) => {
    const kind = kindOf(room);
    const here = await findStanding(userId, room);
    const isReadable = here
      ? !here.isGone && RIGHTS[kind][here.standing].includes("read")
      : kind === "channel" && isAutoCreated;
    if (!isReadable) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
  };
}
