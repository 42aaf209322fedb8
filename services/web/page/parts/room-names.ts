import type { RoomSummary } from "@parley/client";
import { nameOf } from "../state/names.ts";
import type { IconName } from "./icon.tsx";

/** What a room is called: the other person, its title, or its id. */
export function titleOf(room: Pick<RoomSummary, "id" | "title" | "with">): string {
  return room.with ? nameOf(room.with) : (room.title ?? room.id);
}

/** The icon of a kind of room. */
export const kindIcon = (kind: RoomSummary["kind"]): IconName =>
  kind === "channel" ? "hash" : kind === "group" ? "lock" : "account";
