import { PAGE_SIZE, PAGE_SIZE_MAX } from "@parley/protocol/limits";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { pageCost } from "../../http/cost.ts";
import { Digits, Limit, limitOf } from "../../http/page.ts";
import { dataOrProblem } from "../../http/responses.ts";
import { MESSAGE_EXAMPLE, RoomParams } from "../../http/room-params.ts";
import type { ReadEntries } from "../read-entries.ts";
import type { CheckReadable } from "../read-history.ts";

const Frame = Type.Object(
  { type: Type.String(), room: Type.String(), seq: Type.Integer() },
  { additionalProperties: true, description: "a frame as /docs/asyncapi describes it" },
);
const Page = Type.Object(
  {
    data: Type.Array(Frame),
    head: Type.Integer({ description: "the newest seq of the room" }),
    next: Type.Union([Type.Integer(), Type.Null()], { description: "`after` of the next page, or null" }),
    floor: Type.Integer({ description: "the lowest seq that there is; a page from below starts here" }),
  },
  { examples: [{ data: [MESSAGE_EXAMPLE], head: 42, next: null, floor: 1 }] },
);

/** Adds `GET /api/v1/rooms/:room/events`: every entry of a room, page by page, as a resume would replay it. */
export function addEventRoutes(
  app: App,
  deps: Readonly<{ checkReadable: CheckReadable; readEntries: ReadEntries }>,
): void {
  app.get(
    "/api/v1/rooms/:room/events",
    {
      config: { cost: pageCost(5, PAGE_SIZE, PAGE_SIZE_MAX) },
      schema: {
        tags: ["messages"],
        summary: "everything that happened in a room after a seq, in order",
        description:
          "Messages, edits, deletions, reactions and changes of members, as sockets get them. After a `gap` it gives what " +
          "was not replayed: page with after = next from `from - 1` until `to`.",
        security: [{ bearer: [] }],
        params: RoomParams,
        querystring: Type.Object({
          after: Type.Optional(Digits("only entries with a greater seq; 0 if left out")),
          limit: Type.Optional(Limit("entries", PAGE_SIZE, PAGE_SIZE_MAX)),
        }),
        response: { 200: Page, "4xx": { $ref: "Problem#" }, "5xx": { $ref: "Problem#" } },
      },
    },
    async (request, reply) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const { after, limit } = request.query;
      const count = limitOf(limit, PAGE_SIZE, PAGE_SIZE_MAX);
      const page = deps
        .checkReadable(actor.id, room)
        .then(() => deps.readEntries(room, Number(after ?? 0), count));
      const { frames, head, next, floor } = (await dataOrProblem(page)).data;
      // The frames are JSON already: as objects they would be parsed only to be encoded again.
      const text = `{"data":[${frames.join()}],"head":${head},"next":${next},"floor":${floor}}`;
      return await reply.type("application/json; charset=utf-8").send(text as never);
    },
  );
}
