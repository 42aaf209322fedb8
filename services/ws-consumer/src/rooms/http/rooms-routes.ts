import type { App } from "@parley/runtime/http";
import type { ReadPage } from "../../delivery/read-history.ts";
import type { ChangeMessages } from "../change-messages.ts";
import type { MarkRead } from "../mark-read.ts";
import { addJoinRoutes, addMemberRoutes, addOneMemberRoutes } from "./member-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addOneRoomRoutes, addRoomRoutes, type RoomRoutesDependencies } from "./room-routes.ts";

export type RoomsHttpDependencies = Omit<RoomRoutesDependencies, "verifyToken"> &
  Readonly<{
    messages: ChangeMessages;
    markRead: MarkRead;
    readPage: ReadPage;
  }>;

/** Adds the routes of this feature: rooms, members, changed messages, read state. */
export function addRooms(
  app: App,
  deps: RoomsHttpDependencies & Pick<RoomRoutesDependencies, "verifyToken">,
): void {
  addRoomRoutes(app, deps);
  addOneRoomRoutes(app, deps);
  addJoinRoutes(app, deps);
  addMemberRoutes(app, deps);
  addOneMemberRoutes(app, deps);
  addMessageRoutes(app, { ...deps, changes: deps.messages });
  addReadRoutes(app, deps);
}
