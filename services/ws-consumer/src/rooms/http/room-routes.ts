import { User } from "@parley/protocol/fields";
import { CHANNEL_PATTERN } from "@parley/protocol/rooms";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { chargeDone } from "@parley/runtime/user-limits";
import { Type } from "typebox";
import type { CheckReadable } from "../../delivery/read-history.ts";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST, MEMBER_COST, pageCost, UNREAD_PER_UNIT } from "../../http/cost.ts";
import { decodePlace, encodePlace, isIdValue, isTimeValue, Limit, limitOf } from "../../http/page.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import type { ChangeRooms } from "../change-rooms.ts";
import type { RoomsPlace, RoomView, RoomViews } from "../read-rooms.ts";
import { roomNotFound } from "../rules/rights.ts";
import { DirectWith, NewRoom, ROOM_EXAMPLE, RoomShape } from "./room-schemas.ts";

export type RoomRoutesDependencies = Readonly<{
  checkReadable: CheckReadable;
  changes: ChangeRooms;
  views: RoomViews;
}>;

const PAGE = 50;
const PAGE_MAX = 200;
const tags = ["rooms"];
const security = [{ bearer: [] }];
const CHANNEL = new RegExp(CHANNEL_PATTERN, "u");

const isPlace = (value: unknown): value is RoomsPlace => {
  const { isPinned, activeAt, id } = (value ?? {}) as Partial<RoomsPlace>;
  return typeof isPinned === "boolean" && isTimeValue(activeAt) && isIdValue(id);
};

/** Reads a room as a user sees it. @throws {Refusal} `room_not_found` if the user may not read it */
export async function viewOf({ checkReadable, views }: RoomRoutesDependencies, userId: string, room: string) {
  await checkReadable(userId, room);
  const view = await views.room(userId, room);
  if (!view) throw roomNotFound();
  return view;
}

/** Adds the routes that list and create rooms. */
export function addRoomRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { changes, views } = deps;
  app.get(
    "/api/v1/rooms",
    {
      config: { cost: pageCost(2, PAGE, PAGE_MAX) },
      schema: {
        tags,
        security,
        summary: "your rooms: pinned first, then those with the newest message",
        querystring: Type.Object({
          limit: Type.Optional(Limit("rooms", PAGE, PAGE_MAX)),
          cursor: Type.Optional(Type.String({ maxLength: 500, description: "next of the page before" })),
          list: Type.Optional(
            Type.Union([Type.Literal("mine"), Type.Literal("channels")], {
              description: "channels: all channels, also those that you have not joined",
            }),
          ),
        }),
        response: {
          ...responseSchemas(Type.Array(RoomShape), [ROOM_EXAMPLE]),
          200: Type.Object(
            { data: Type.Array(RoomShape), next: Type.Union([Type.String(), Type.Null()]) },
            { examples: [{ data: [ROOM_EXAMPLE], next: null }] },
          ),
        },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { limit, cursor, list } = request.query;
      const count = limitOf(limit, PAGE, PAGE_MAX);
      const read = list === "channels" ? views.channels : views.inbox;
      const place = cursor === undefined ? undefined : decodePlace(cursor, isPlace);
      const { data } = await dataOrProblem(read(actor.id, count, place));
      chargeDone(request, data.reduce((sum, { unread }) => sum + unread, 0) / UNREAD_PER_UNIT);
      return { data: [...data] as never[], next: data.length < count ? null : nextOf(data) };
    },
  );
  app.post(
    "/api/v1/rooms",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "create a group, or a channel of which you are the owner",
        description:
          "Members of a group who share a room with you are members at once; the others, `invited`, when they accept.",
        body: NewRoom,
        response: {
          ...responseSchemas(RoomShape, ROOM_EXAMPLE),
          201: Type.Object(
            { data: RoomShape, invited: Type.Array(User) },
            { examples: [{ data: ROOM_EXAMPLE, invited: [] }] },
          ),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { kind, name, title, members = [] } = request.body;
      if (kind === "channel" && (name === undefined || !CHANNEL.test(name)))
        throw new Problem(400, "bad_frame", `name: must match ${CHANNEL_PATTERN}`, { path: "/name" });
      const shown = title ?? name;
      if (shown === undefined) throw new Problem(400, "bad_frame", "title: is required", { path: "/title" });
      chargeDone(request, members.length * MEMBER_COST);
      const made =
        kind === "channel"
          ? changes
              .createChannel(actor, name as string, title ?? null)
              .then((room) => ({ room, invited: [] }))
          : changes.createGroup(actor, shown, members);
      const { room, invited } = (await dataOrProblem(made)).data;
      const { data } = await dataOrProblem(viewOf(deps, actor.id, room));
      return reply.code(201).send({ data, invited: invited.map(({ user }) => user) } as never);
    },
  );
}

/** Adds the route that opens direct chats. */
export function addDirectRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { changes } = deps;
  app.post(
    "/api/v1/directs",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "the direct chat with a user: 201 if it was created, 200 if it existed",
        body: DirectWith,
        response: {
          ...responseSchemas(RoomShape, ROOM_EXAMPLE),
          ...responseSchemas(RoomShape, ROOM_EXAMPLE, 201),
        },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { data } = await dataOrProblem(changes.openDirect(actor, request.body.userId));
      const view = await dataOrProblem(viewOf(deps, actor.id, data.room));
      return reply.code(data.isNew ? 201 : 200).send(view as never);
    },
  );
}

function nextOf(rooms: readonly RoomView[]): string | null {
  const last = rooms.at(-1);
  return last ? encodePlace({ isPinned: last.isPinned, activeAt: last.activeAt, id: last.id }) : null;
}
