import type { Core } from "./core.ts";
import type { Frame } from "./frames.ts";
import { fetchList } from "./lists.ts";
import { createRoom, type RoomParts } from "./room.ts";
import type { RequestOptions, RoomSummary, Rooms, Unread } from "./types.ts";

/** All rooms that were asked for by this client. */
interface RoomRegistry {
  readonly rooms: Rooms;
  refresh(room: string): void;
  /** Another user: what is known of all rooms is forgotten. */
  reset(): void;
  /** A frame of a room that has no seq. */
  notice(frame: Frame): void;
}

export function createRooms(core: Core, closed: AbortSignal): RoomRegistry {
  const { http } = core;
  const ask = async <T>(method: string, path: string, o?: RequestOptions) =>
    (await http<T>(method, path, o)).data;
  const known = new Map<string, RoomParts>();
  const get = (id: string): RoomParts => {
    const parts = known.get(id) ?? createRoom(core, id, closed);
    known.set(id, parts);
    return parts;
  };
  const rooms: Rooms = {
    get: (id) => get(id).room,
    list: (o) => fetchList<RoomSummary>(http, "/rooms", o),
    async create(body) {
      const { data, invited = [] } = await http<RoomSummary>("POST", "/rooms", { body });
      return { ...data, invited };
    },
    direct: (userId) => ask<RoomSummary>("POST", "/directs", { body: { userId } }),
    unread: () => ask<Unread>("GET", "/unread"),
  };
  return {
    rooms,
    refresh: (room) => known.get(room)?.view.refresh(),
    reset() {
      for (const parts of known.values()) parts.reset();
    },
    notice: (frame) => known.get(frame.room ?? "")?.notice(frame),
  };
}
