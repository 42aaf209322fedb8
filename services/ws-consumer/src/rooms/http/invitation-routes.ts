import { At, Role, Room, User } from "@parley/protocol/fields";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST, pageCost, READ_COST } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import type { Invitations } from "../invitations.ts";
import { type RoomRoutesDependencies, viewOf } from "./room-routes.ts";
import { ROOM_EXAMPLE, RoomShape } from "./room-schemas.ts";

const tags = ["invitations"];
const security = [{ bearer: [] }];
/** Invitations in a list. */
const LIST_MAX = 100;

export const InvitationShape = Type.Object({
  room: Room,
  title: Type.Union([Type.String(), Type.Null()]),
  user: User,
  role: Role,
  by: User,
  at: At,
});
const { id: room, title, lastMessage } = ROOM_EXAMPLE;
const { author: bob, at } = lastMessage;
const by = { id: ROOM_EXAMPLE.createdBy, username: "alice" };
export const INVITATION_EXAMPLE = { room, title, user: bob, role: "member", by, at };

const InviteParams = Type.Object({
  code: Type.String({ pattern: "^[0-9A-Z]{26}$", description: "of a link" }),
});
const Code = Type.Object({ code: Type.String(), room: Room, expiresAt: At });
const CODE_EXAMPLE = { code: room.slice(1), room, expiresAt: at };

type Dependencies = RoomRoutesDependencies & Readonly<{ invitations: Invitations }>;

/** Adds the routes of the invitations that a user has got. */
export function addInvitationRoutes(app: App, deps: Dependencies): void {
  const { invitations } = deps;
  app.get(
    "/api/v1/me/invitations",
    {
      config: { cost: pageCost(20, LIST_MAX, LIST_MAX) },
      schema: {
        tags,
        security,
        summary: `your invitations to groups, the newest first, at most ${LIST_MAX}`,
        response: responseSchemas(Type.Array(InvitationShape), [INVITATION_EXAMPLE]),
      },
    },
    async (request) => (await dataOrProblem(invitations.list(actorOf(request)))) as never,
  );
  app.post(
    "/api/v1/me/invitations/:room/accept",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "accept an invitation: you are a member of the group from now on",
        params: RoomParams,
        response: responseSchemas(RoomShape, ROOM_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const joined = invitations.accept(actor, request.params.room);
      return (await dataOrProblem(joined.then((id) => viewOf(deps, actor.id, id)))) as never;
    },
  );
  app.post(
    "/api/v1/me/invitations/:room/decline",
    {
      config: { cost: READ_COST },
      schema: {
        tags,
        security,
        summary: "decline an invitation; who invited you is not told",
        params: RoomParams,
        response: responseSchemas(RoomParams, { room }),
      },
    },
    async (request) => {
      await dataOrProblem(invitations.decline(actorOf(request), request.params.room));
      return { data: { room: request.params.room } } as never;
    },
  );
}

/** Adds the routes of links by which whoever has one joins a room. */
export function addInviteCodeRoutes(app: App, deps: Dependencies): void {
  const { invitations } = deps;
  app.post(
    "/api/v1/rooms/:room/invites",
    {
      config: { cost: READ_COST },
      schema: {
        tags,
        security,
        summary:
          "the code of your link to a room (owners and admins): one that is valid is given again, for longer",
        params: RoomParams,
        response: responseSchemas(Code, CODE_EXAMPLE, 201),
      },
    },
    async (request, reply) => {
      const made = invitations.makeCode(actorOf(request), request.params.room);
      return reply.code(201).send((await dataOrProblem(made)) as never);
    },
  );
  app.delete(
    "/api/v1/rooms/:room/invites",
    {
      config: { cost: READ_COST },
      schema: {
        tags,
        security,
        summary: "end all links to a room, whoever made them (owners and admins)",
        description: "For when a link got about, or somebody was removed who may have kept one.",
        params: RoomParams,
        response: responseSchemas(RoomParams, { room }),
      },
    },
    async (request) => {
      await dataOrProblem(invitations.endCodes(actorOf(request), request.params.room));
      return { data: { room: request.params.room } } as never;
    },
  );
  app.post(
    "/api/v1/invites/:code",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "join the room of a link's code; a second time changes nothing",
        params: InviteParams,
        response: responseSchemas(RoomShape, ROOM_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const joined = invitations.takeCode(actor, request.params.code);
      return (await dataOrProblem(joined.then((id) => viewOf(deps, actor.id, id)))) as never;
    },
  );
}
