import { PAGE_SIZE, PAGE_SIZE_MAX } from "@parley/protocol/limits";
import { MessageFrame } from "@parley/protocol/message";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { Type } from "typebox";
import { actorOf } from "../../http/actor.ts";
import { pageCost } from "../../http/cost.ts";
import { Digits, Limit, limitOf } from "../../http/page.ts";
import { dataOrProblem, responseSchemas } from "../../http/responses.ts";
import { MESSAGE_EXAMPLE, RoomParams } from "../../http/room-params.ts";
import type { CheckReadable, ReadPage } from "../read-history.ts";

const Query = Type.Object({
  before: Type.Optional(Digits("only messages with a smaller seq; the page ends just before it")),
  after: Type.Optional(Digits("only messages with a greater seq; the page starts just after it")),
  around: Type.Optional(Digits("half of the page before this seq, half from it on")),
  limit: Type.Optional(Limit("messages", PAGE_SIZE, PAGE_SIZE_MAX)),
});
const PLACES = ["before", "after", "around"] as const;

/** Adds `GET /api/v1/rooms/:room/messages`: history, page by page. */
export function addHistoryRoutes(
  app: App,
  deps: Readonly<{ checkReadable: CheckReadable; readPage: ReadPage }>,
): void {
  app.get(
    "/api/v1/rooms/:room/messages",
    {
      config: { cost: pageCost(5, PAGE_SIZE, PAGE_SIZE_MAX) },
      schema: {
        tags: ["messages"],
        summary: "history of a room, oldest first, as edits, deletions and reactions have left it",
        description:
          "Without before, after and around: the newest page. Page back with before = the first seq that you have. " +
          "`next` is that seq, or with `after` the last one, or null if there is no more; null with `around`. " +
          "`head` is the seq up to which the page is: subscribe with after = head, and nothing is missed or done twice.",
        security: [{ bearer: [] }],
        params: RoomParams,
        querystring: Query,
        response: {
          ...responseSchemas(Type.Array(MessageFrame), [MESSAGE_EXAMPLE]),
          200: Type.Object(
            {
              data: Type.Array(MessageFrame),
              head: Type.Integer(),
              next: Type.Union([Type.Integer(), Type.Null()]),
            },
            { examples: [{ data: [MESSAGE_EXAMPLE], head: 42, next: null }] },
          ),
        },
      },
    },
    async (request) => {
      const actor = actorOf(request);
      const { room } = request.params;
      const { query } = request;
      const limit = limitOf(query.limit, PAGE_SIZE, PAGE_SIZE_MAX);
      const [place, another] = PLACES.filter((name) => query[name] !== undefined);
      if (another !== undefined)
        throw new Problem(400, "bad_frame", `${place} and ${another} exclude each other`, {
          path: `/${place}`,
        });
      const where = place === undefined ? {} : { [place]: Number(query[place]) };
      const page = deps
        .checkReadable(actor.id, room)
        .then(() => deps.readPage(actor.id, room, { limit, ...where }));
      const { data } = await dataOrProblem(page);
      const next = data.messages.length < limit ? null : nextOf(data.messages, data.head, place);
      return { data: [...data.messages], head: data.head, next };
    },
  );
}

/** Where the next page of a full one begins: `before` of an earlier, `after` of a later one. */
function nextOf(
  messages: readonly MessageFrame[],
  head: number,
  place: (typeof PLACES)[number] | undefined,
): number | null {
  const first = messages[0]?.seq ?? 1;
  const last = messages.at(-1)?.seq ?? head;
  if (place === "around") return null;
  if (place === "after") return last < head ? last : null;
  return first > 1 ? first : null;
}
