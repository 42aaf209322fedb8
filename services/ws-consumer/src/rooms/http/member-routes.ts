import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST, pageCost } from "../../http/cost.ts";
import { decodePlace, encodePlace, isIdValue, isTimeValue, Limit, limitOf } from "../../http/page.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import type { MembersPlace, MemberView } from "../read-rooms.ts";
import { roomNotFound } from "../rules/rights.ts";
import { INVITATION_EXAMPLE, InvitationShape } from "./invitation-routes.ts";
import type { RoomRoutesDependencies } from "./room-routes.ts";
import {
  LEFT_EXAMPLE,
  Left,
  MEMBER_EXAMPLE,
  MemberParams,
  MemberShape,
  NewMember,
  NewRole,
} from "./room-schemas.ts";

const PAGE = 100;
const PAGE_MAX = 500;
const tags = ["members"];
const security = [{ bearer: [] }];

const isPlace = (value: unknown): value is MembersPlace => {
  const { joinedAt, id } = (value ?? {}) as Partial<MembersPlace>;
  return isTimeValue(joinedAt) && isIdValue(id);
};

async function memberOf(
  { views }: RoomRoutesDependencies,
  room: string,
  userId: string,
): Promise<MemberView> {
  const member = await views.member(room, userId);
  if (!member) throw roomNotFound();
  return member;
}

/** Adds the routes of a room's list of members. */
export function addMemberRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { checkReadable, changes, views } = deps;
  app.get(
    "/api/v1/rooms/:room/members",
    {
      config: { cost: pageCost(20, PAGE, PAGE_MAX) },
      schema: {
        tags,
        security,
        summary: "a room's members, those who joined first first",
        params: RoomParams,
        querystring: Type.Object({
          limit: Type.Optional(Limit("members", PAGE, PAGE_MAX)),
          cursor: Type.Optional(Type.String({ maxLength: 500, description: "next of the page before" })),
        }),
        response: {
          ...responseSchemas(Type.Array(MemberShape), [MEMBER_EXAMPLE]),
          200: Type.Object(
            { data: Type.Array(MemberShape), next: Type.Union([Type.String(), Type.Null()]) },
            { examples: [{ data: [MEMBER_EXAMPLE], next: null }] },
          ),
        },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const { limit, cursor } = request.query;
      const count = limitOf(limit, PAGE, PAGE_MAX);
      const place = cursor === undefined ? undefined : decodePlace(cursor, isPlace);
      const { data } = await dataOrProblem(
        checkReadable(actor.id, room).then(() => views.members(room, count, place)),
      );
      const last = data.length < count ? undefined : data.at(-1);
      const next = last ? encodePlace({ joinedAt: last.joinedAt, id: last.user.id }) : null;
      return { data: [...data] as never[], next };
    },
  );
  app.post(
    "/api/v1/rooms/:room/members",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "add a member (owners and admins); a second time changes nothing",
        description:
          "201: the user is a member. 202: to a group, by somebody with whom the user shares no room: the user has an " +
          "invitation, to be accepted or declined (`/api/v1/me/invitations`).",
        params: RoomParams,
        body: NewMember,
        response: {
          ...responseSchemas(MemberShape, MEMBER_EXAMPLE, 201),
          ...responseSchemas(InvitationShape, INVITATION_EXAMPLE, 202),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const { userId, role = "member" } = request.body;
      const { data: invitation } = await dataOrProblem(changes.invite(actor, room, userId, role));
      if (invitation) return reply.code(202).send({ data: invitation } as never);
      return reply.code(201).send((await dataOrProblem(memberOf(deps, room, userId))) as never);
    },
  );
}

/** Adds the routes that change one member. */
export function addOneMemberRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { changes } = deps;
  app.patch(
    "/api/v1/rooms/:room/members/:user",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "give a member another role (owners)",
        params: MemberParams,
        body: NewRole,
        response: responseSchemas(MemberShape, MEMBER_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room, user } = request.params;
      const promoted = changes.promote(actor, room, user, request.body.role);
      return (await dataOrProblem(promoted.then(() => memberOf(deps, room, user)))) as never;
    },
  );
  app.delete(
    "/api/v1/rooms/:room/members/:user",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "remove a member (owners anybody, admins members)",
        params: MemberParams,
        response: responseSchemas(Left, LEFT_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room, user } = request.params;
      await dataOrProblem(changes.remove(actor, room, user));
      return { data: { room, user } } as never;
    },
  );
}
