import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import type { RoomRoutesDependencies } from "./room-routes.ts";
import { LEFT_EXAMPLE, Left, ROOM_EXAMPLE, RoomShape, UserId } from "./room-schemas.ts";

const tags = ["members"];
const security = [{ bearer: [] }];

/** Adds the routes with which users join and leave. */
export function addJoinRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { changes, views } = deps;
  app.post(
    "/api/v1/rooms/:room/join",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "join a channel; a second time changes nothing",
        params: RoomParams,
        response: responseSchemas(RoomShape, ROOM_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const joined = changes.join(actor, room).then(() => views.room(actor.id, room));
      return (await dataOrProblem(joined)) as never;
    },
  );
  app.post(
    "/api/v1/rooms/:room/leave",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "leave a room; the last owner names a successor, who becomes the owner in the same step",
        params: RoomParams,
        querystring: Type.Object({
          successor: Type.Optional(UserId),
        }),
        response: responseSchemas(Left, LEFT_EXAMPLE),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      await dataOrProblem(changes.leave(actor, room, request.query.successor));
      return { data: { room, user: actor.id } } as never;
    },
  );
}
