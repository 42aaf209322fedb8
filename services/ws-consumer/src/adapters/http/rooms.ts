import type { App } from "@parley/runtime/http";
import type { ChangeMessages } from "../../application/change-messages.ts";
import type { MarkRead } from "../../application/mark-read.ts";
import type { ReadPage } from "../../application/read-history.ts";
import type { IndexWords, Search } from "../../application/search.ts";
import { addHistoryRoutes } from "./history-routes.ts";
import { addComingRoutes, addMemberRoutes, addOneMemberRoutes } from "./member-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addOneRoomRoutes, addRoomRoutes, type RoomRoutesParts } from "./room-routes.ts";
import { addSearchRoutes } from "./search-routes.ts";

export type RoomsOverHttp = Omit<RoomRoutesParts, "verifyToken"> &
  Readonly<{
    messages: ChangeMessages;
    markRead: MarkRead;
    readPage: ReadPage;
    search: Search;
    index: IndexWords;
  }>;

/** All routes of rooms. */
export function addRooms(app: App, rooms: RoomsOverHttp, verifyToken: RoomRoutesParts["verifyToken"]): void {
  const parts = { ...rooms, verifyToken };
  addRoomRoutes(app, parts);
  addOneRoomRoutes(app, parts);
  addComingRoutes(app, parts);
  addMemberRoutes(app, parts);
  addOneMemberRoutes(app, parts);
  addHistoryRoutes(app, parts);
  addMessageRoutes(app, { ...parts, changes: rooms.messages });
  addReadRoutes(app, parts);
  addSearchRoutes(app, parts);
}
