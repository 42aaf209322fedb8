import type { App } from "@parley/runtime/http";
import type { ReadPage } from "../../delivery/read-history.ts";
import type { ChangeMessages } from "../change-messages.ts";
import type { MarkRead } from "../mark-read.ts";
import { addComingRoutes, addMemberRoutes, addOneMemberRoutes } from "./member-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addOneRoomRoutes, addRoomRoutes, type RoomRoutesParts } from "./room-routes.ts";

export type RoomsOverHttp = Omit<RoomRoutesParts, "verifyToken"> &
  Readonly<{
    messages: ChangeMessages;
    markRead: MarkRead;
    readPage: ReadPage;
  }>;

/** Adds the routes of the feature rooms: rooms, members, changed messages, read state. */
export function addRooms(app: App, rooms: RoomsOverHttp & Pick<RoomRoutesParts, "verifyToken">): void {
  addRoomRoutes(app, rooms);
  addOneRoomRoutes(app, rooms);
  addComingRoutes(app, rooms);
  addMemberRoutes(app, rooms);
  addOneMemberRoutes(app, rooms);
  addMessageRoutes(app, { ...rooms, changes: rooms.messages });
  addReadRoutes(app, rooms);
}
