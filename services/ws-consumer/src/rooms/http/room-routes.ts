import type { VerifyToken } from "@parley/identity/identity";
import { CHANNEL_PATTERN } from "@parley/protocol/rooms";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { Type } from "typebox";
import type { CheckReadable } from "../../delivery/read-history.ts";
import { actorOf } from "../../http/actor.ts";
import { Digits, decodePlace, encodePlace, limitOf } from "../../http/page.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import type { ChangeRooms } from "../change-rooms.ts";
import type { RoomsPlace, RoomView, RoomViews } from "../read-rooms.ts";
import { roomNotFound } from "../rules/rights.ts";
import { DirectWith, NewRoom, ROOM_EXAMPLE, RoomChanges, RoomShape } from "./room-schemas.ts";

export type RoomRoutesParts = Readonly<{
  verifyToken: VerifyToken;
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
  return typeof isPinned === "boolean" && !Number.isNaN(Date.parse(activeAt ?? "")) && typeof id === "string";
};

/** A room as somebody sees it who may read it. @throws {Refusal} `room_not_found` */
async function viewOf({ checkReadable, views }: RoomRoutesParts, userId: string, room: string) {
  await checkReadable(userId, room);
  const view = await views.room(userId, room);
  if (!view) throw roomNotFound();
  return view;
}

/** Lists of rooms, and rooms made. */
export function addRoomRoutes(app: App, parts: RoomRoutesParts): void {
  const { verifyToken, changes, views } = parts;
  app.get(
    "/api/v1/rooms",
    {
      schema: {
        tags,
        security,
        summary: "your rooms: pinned first, then those with the newest message",
        querystring: Type.Object({
          limit: Type.Optional(Digits(`rooms in the page: 1 to ${PAGE_MAX}, ${PAGE} if left out`)),
          cursor: Type.Optional(Type.String({ maxLength: 500, description: "next of the page before" })),
          list: Type.Optional(
            Type.Union([Type.Literal("mine"), Type.Literal("channels")], {
              description: "channels: those that you could join as well",
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
      const actor = await actorOf(request, verifyToken);
      const { limit, cursor, list } = request.query;
      const count = limitOf(limit, PAGE, PAGE_MAX);
      const read = list === "channels" ? views.channels : views.inbox;
      const place = cursor === undefined ? undefined : decodePlace(cursor, isPlace);
      const { data } = await dataOrProblem(read(actor.id, count, place));
      return { data: [...data] as never[], next: data.length < count ? null : nextOf(data) };
    },
  );
  app.post(
    "/api/v1/rooms",
    {
      schema: {
        tags,
        security,
        summary: "make a group, or a channel of which you are the owner",
        body: NewRoom,
        response: responseSchemas(RoomShape, ROOM_EXAMPLE, 201),
      },
    },
    async (request, reply) => {
      const actor = await actorOf(request, verifyToken);
      const { kind, name, title, members = [] } = request.body;
      if (kind === "channel" && (name === undefined || !CHANNEL.test(name)))
        throw new Problem(400, "bad_frame", `name: must match ${CHANNEL_PATTERN}`, { path: "/name" });
      const shown = title ?? name;
      if (shown === undefined) throw new Problem(400, "bad_frame", "title: is required", { path: "/title" });
      const made =
        kind === "channel"
          ? changes.createChannel(actor, name as string, title ?? null)
          : changes.createGroup(actor, shown, members);
      const view = made.then((room) => viewOf(parts, actor.id, room));
      return reply.code(201).send(await dataOrProblem(view));
    },
  );
  app.post(
    "/api/v1/directs",
    {
      schema: {
        tags,
        security,
        summary: "the direct chat with somebody: 201 when it was made, 200 when it was there",
        body: DirectWith,
        response: {
          ...responseSchemas(RoomShape, ROOM_EXAMPLE),
          ...responseSchemas(RoomShape, ROOM_EXAMPLE, 201),
        },
      },
    },
    async (request, reply) => {
      const actor = await actorOf(request, verifyToken);
      const { data } = await dataOrProblem(changes.openDirect(actor, request.body.userId));
      const view = await dataOrProblem(viewOf(parts, actor.id, data.room));
      return reply.code(data.isNew ? 201 : 200).send(view as never);
    },
  );
}

function nextOf(rooms: readonly RoomView[]): string | null {
  const last = rooms.at(-1);
  return last ? encodePlace({ isPinned: last.isPinned, activeAt: last.activeAt, id: last.id }) : null;
}

/** One room: seen, changed, ended. */
export function addOneRoomRoutes(app: App, parts: RoomRoutesParts): void {
  const { verifyToken, changes } = parts;
  const response = responseSchemas(RoomShape, ROOM_EXAMPLE);
  app.get(
    "/api/v1/rooms/:room",
    { schema: { tags, security, summary: "a room as you see it", params: RoomParams, response } },
    async (request) => {
      const actor = await actorOf(request, verifyToken);
      return (await dataOrProblem(viewOf(parts, actor.id, request.params.room))) as never;
    },
  );
  app.patch(
    "/api/v1/rooms/:room",
    {
      schema: {
        tags,
        security,
        summary: "rename a room (owners and admins); mute or pin it for yourself (members)",
        params: RoomParams,
        body: RoomChanges,
        response,
      },
    },
    async (request) => {
      const actor = await actorOf(request, verifyToken);
      const { room } = request.params;
      const { title, ...wishes } = request.body;
      if (title !== undefined) await dataOrProblem(changes.rename(actor, room, title));
      if (Object.keys(wishes).length > 0) await dataOrProblem(changes.prefer(actor, room, wishes));
      return (await dataOrProblem(viewOf(parts, actor.id, room))) as never;
    },
  );
  app.delete(
    "/api/v1/rooms/:room",
    {
      schema: {
        tags,
        security,
        summary: "end a room, for everybody and for good (owners)",
        params: RoomParams,
        response: responseSchemas(RoomParams, { room: ROOM_EXAMPLE.id }),
      },
    },
    async (request) => {
      const actor = await actorOf(request, verifyToken);
      await dataOrProblem(changes.close(actor, request.params.room));
      return { data: { room: request.params.room } } as never;
    },
  );
}
