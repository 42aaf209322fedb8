import type { App } from "@parley/runtime/http";
import type { ReadPage } from "../../delivery/read-history.ts";
import type { Blocks } from "../blocks.ts";
import type { ChangeMessages } from "../change-messages.ts";
import type { Invitations } from "../invitations.ts";
import type { MarkRead } from "../mark-read.ts";
import { addBlockRoutes } from "./block-routes.ts";
import { addInvitationRoutes, addInviteCodeRoutes } from "./invitation-routes.ts";
import { addJoinRoutes } from "./join-routes.ts";
import { addMemberRoutes, addOneMemberRoutes } from "./member-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { addOneRoomRoutes } from "./one-room-routes.ts";
import { addReadRoutes } from "./read-routes.ts";
import { addDirectRoutes, addRoomRoutes, type RoomRoutesDependencies } from "./room-routes.ts";

export type RoomsHttpDependencies = RoomRoutesDependencies &
  Readonly<{
    messages: ChangeMessages;
    markRead: MarkRead;
    invitations: Invitations;
    blocks: Blocks;
    readPage: ReadPage;
  }>;

/** Adds the routes of this feature: rooms, members, changed messages, read state, invitations, blocks. */
export function addRooms(app: App, deps: RoomsHttpDependencies): void {
  addRoomRoutes(app, deps);
  addDirectRoutes(app, deps);
  addOneRoomRoutes(app, deps);
  addJoinRoutes(app, deps);
  addMemberRoutes(app, deps);
  addOneMemberRoutes(app, deps);
  addMessageRoutes(app, { ...deps, changes: deps.messages });
  addReadRoutes(app, deps);
  addInvitationRoutes(app, deps);
  addInviteCodeRoutes(app, deps);
  addBlockRoutes(app, deps);
}
