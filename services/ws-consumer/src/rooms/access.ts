import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";
import type { CheckReadable } from "../delivery/read-history.ts";
import { RIGHTS, type Standing } from "./rules/rights.ts";

/** Reads what a user is in a room; undefined if the room does not exist. */
export type FindStanding = (
  userId: string,
  room: string,
) => Promise<Readonly<{ standing: Standing; isGone: boolean }> | undefined>;

/** Returns those of these users who may read a room. */
export type WhoMayRead = (room: string, userIds: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Creates the check of read rights.
 *
 * @param isAutoCreated CHANNEL_AUTO_CREATE: a channel can be read before its first message creates it
 */
export function createAccess(findStanding: FindStanding, isAutoCreated: boolean): CheckReadable {
  return async (userId, room) => {
    const kind = kindOf(room);
    const found = await findStanding(userId, room);
    const isReadable = found
      ? !found.isGone && RIGHTS[kind][found.standing].includes("read")
      : kind === "channel" && isAutoCreated;
    if (!isReadable) throw new Refusal("room_not_found", "there is no such room", { path: "/room" });
  };
}
