import { Room } from "@parley/protocol/fields";
import { MessageFrame } from "@parley/protocol/message";
import { LineText } from "@parley/protocol/text";
import type { App } from "@parley/runtime/http";
import { Type } from "typebox";
import type { CheckReadable } from "../../delivery/read-history.ts";
import { actorOf } from "../../http/actor.ts";
import { decodePlace, encodePlace, isIdValue, isTimeValue, Limit, limitOf } from "../../http/page.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { MESSAGE_EXAMPLE } from "../../http/room-params.ts";
import type { FoundPlace, Search } from "../search.ts";

const PAGE = 20;
const PAGE_MAX = 100;
/** Cost of a query: its words' lists are read whatever the page, in units of packages/runtime/src/work.ts. */
const SEARCH_COST = 50;

const isPlace = (value: unknown): value is FoundPlace => {
  const { at, room, seq } = (value ?? {}) as Partial<FoundPlace>;
  return isTimeValue(at) && isIdValue(room) && Number.isSafeInteger(seq);
};

/** Adds `GET /api/v1/search`. */
export function addSearchRoutes(
  app: App,
  deps: Readonly<{ checkReadable: CheckReadable; search: Search }>,
): void {
  app.get(
    "/api/v1/search",
    {
      config: { cost: SEARCH_COST },
      schema: {
        tags: ["messages"],
        security: [{ bearer: [] }],
        summary: "messages that match a query, in the rooms that you may read, the newest first",
        description:
          'All words must occur; "quoted words" one after the other; -word must not; or separates alternatives. Parts of ' +
          "addresses, file names and numbers are words. A query that names nothing that must occur finds nothing. What " +
          "was stored within the last second is found too, unless very much was.",
        querystring: Type.Object({
          q: LineText({ minLength: 1, maxLength: 200 }),
          room: Type.Optional(Room),
          limit: Type.Optional(Limit("messages", PAGE, PAGE_MAX)),
          cursor: Type.Optional(Type.String({ maxLength: 500, description: "next of the page before" })),
        }),
        response: {
          ...responseSchemas(Type.Array(MessageFrame), [MESSAGE_EXAMPLE]),
          200: Type.Object(
            { data: Type.Array(MessageFrame), next: Type.Union([Type.String(), Type.Null()]) },
            { examples: [{ data: [MESSAGE_EXAMPLE], next: null }] },
          ),
        },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { q, room, limit, cursor } = request.query;
      const count = limitOf(limit, PAGE, PAGE_MAX);
      const place = cursor === undefined ? undefined : decodePlace(cursor, isPlace);
      if (room !== undefined) await dataOrProblem(deps.checkReadable(actor.id, room));
      const { data } = await dataOrProblem(deps.search(actor.id, q, count, room, place));
      const last = data.length < count ? undefined : data.at(-1);
      const next = last ? encodePlace({ at: last.at, room: last.room, seq: last.seq }) : null;
      return { data: [...data], next };
    },
  );
}
