import { Room, Seq } from "@parley/protocol/fields";
import type { App } from "@parley/runtime/http";
import { chargeDone } from "@parley/runtime/user-limits";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { READ_COST, UNREAD_PER_UNIT } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import type { MarkRead } from "../mark-read.ts";
import type { RoomViews } from "../read-rooms.ts";

const tags = ["read state"];
const security = [{ bearer: [] }];
/** Cost of moving a cursor, in units of packages/runtime/src/work.ts. */
const MARK_COST = 5;
const Cursor = Type.Object({ room: Room, seq: Type.Integer() });
const Unread = Type.Object({
  total: Type.Integer({ description: "of all rooms" }),
  rooms: Type.Array(Type.Object({ room: Room, unread: Type.Integer(), readSeq: Type.Integer() })),
});

/** Adds `PUT /api/v1/rooms/:room/read` and `GET /api/v1/unread`. */
export function addReadRoutes(app: App, deps: Readonly<{ markRead: MarkRead; views: RoomViews }>): void {
  const { markRead, views } = deps;
  app.put(
    "/api/v1/rooms/:room/read",
    {
      config: { cost: MARK_COST },
      schema: {
        tags,
        security,
        summary: "move your read cursor; it never goes back",
        params: RoomParams,
        body: Type.Object({ seq: Seq }, { examples: [{ seq: 42 }] }),
        response: responseSchemas(Cursor, { room: "general", seq: 42 }),
      },
    },
    async (request) => {
      const user = actorOf(request);
      const { room } = request.params;
      const { data: seq } = await dataOrProblem(markRead({ room, user, seq: request.body.seq }));
      return { data: { room, seq } } as never;
    },
  );
  app.get(
    "/api/v1/unread",
    {
      config: { cost: READ_COST },
      schema: {
        tags,
        security,
        summary: "unread messages of all your rooms; each room exact up to 1,000",
        response: responseSchemas(Unread, { total: 3, rooms: [{ room: "general", unread: 3, readSeq: 39 }] }),
      },
    },
    async (request) => {
      const { id } = actorOf(request);
      const rooms = await views.unread(id);
      const total = rooms.reduce((sum, { unread }) => sum + unread, 0);
      chargeDone(request, (rooms.length + total) / UNREAD_PER_UNIT);
      return { data: { total, rooms } } as never;
    },
  );
}
