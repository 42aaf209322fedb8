import type { App } from "@parley/runtime/http";
import { actorOf } from "../../http/actor.ts";
import { COMMAND_COST, READ_COST } from "../../http/cost.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { RoomParams } from "../../http/room-params.ts";
import { type RoomRoutesDependencies, viewOf } from "./room-routes.ts";
import { ROOM_EXAMPLE, RoomChanges, RoomShape } from "./room-schemas.ts";

const tags = ["rooms"];
const security = [{ bearer: [] }];

/** Adds the routes of one room. */
export function addOneRoomRoutes(app: App, deps: RoomRoutesDependencies): void {
  const { changes } = deps;
  const response = responseSchemas(RoomShape, ROOM_EXAMPLE);
  app.get(
    "/api/v1/rooms/:room",
    {
      config: { cost: READ_COST },
      schema: { tags, security, summary: "a room as you see it", params: RoomParams, response },
    },
    async (request) => {
      const actor = actorOf(request);
      return (await dataOrProblem(viewOf(deps, actor.id, request.params.room))) as never;
    },
  );
  app.patch(
    "/api/v1/rooms/:room",
    {
      config: { cost: COMMAND_COST },
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
      const actor = actorOf(request);
      const { room } = request.params;
      const { title, ...preferences } = request.body;
      if (title !== undefined) await dataOrProblem(changes.rename(actor, room, title));
      if (Object.keys(preferences).length > 0) await dataOrProblem(changes.prefer(actor, room, preferences));
      return (await dataOrProblem(viewOf(deps, actor.id, room))) as never;
    },
  );
  app.delete(
    "/api/v1/rooms/:room",
    {
      config: { cost: COMMAND_COST },
      schema: {
        tags,
        security,
        summary: "delete a room for all members, for good (owners)",
        params: RoomParams,
        response: responseSchemas(RoomParams, { room: ROOM_EXAMPLE.id }),
      },
    },
    async (request) => {
      const actor = actorOf(request);
      await dataOrProblem(changes.close(actor, request.params.room));
      return { data: { room: request.params.room } } as never;
    },
  );
}
