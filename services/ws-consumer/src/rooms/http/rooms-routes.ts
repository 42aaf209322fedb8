import type { App } from "@parley/runtime/http";
import { addHistoryRoutes } from "../../delivery/http/history-routes.ts";
import type { ReadPage } from "../../delivery/read-history.ts";
import { addSearchRoutes } from "../../search/http/search-routes.ts";
import type { IndexWords, Search } from "../../search/search.ts";
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
