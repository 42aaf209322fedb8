import { Refusal } from "@parley/protocol/codes";
import { PAGE_SIZE, PAGE_SIZE_MAX } from "@parley/protocol/limits";
import { Room } from "@parley/protocol/parts";
import { MessageFrame } from "@parley/protocol/server-frames";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { bearerOf } from "@parley/socket/bearer";
import type { VerifyToken } from "@parley/socket/identity";
import { toProblem } from "@parley/socket/socket-route";
import { Type } from "typebox";
import type { CheckReadable, ReadPage } from "../../application/read-history.ts";

/** Numbers of a query come as text; nothing is coerced by itself. */
const Digits = (description: string) => Type.String({ pattern: "^[0-9]{1,15}$", description });

const Query = Type.Object({
  before: Type.Optional(Digits("only messages with a smaller seq; the page ends just before it")),
  after: Type.Optional(Digits("only messages with a greater seq; the page starts just after it")),
  limit: Type.Optional(Digits(`messages in the page: 1 to ${PAGE_SIZE_MAX}, ${PAGE_SIZE} if left out`)),
});

function limitOf(text: string | undefined): number {
  const limit = text === undefined ? PAGE_SIZE : Number(text);
  if (limit < 1 || limit > PAGE_SIZE_MAX) {
    throw new Problem(400, "bad_frame", `limit: must be from 1 to ${PAGE_SIZE_MAX}`, { path: "/limit" });
  }
  return limit;
}

/** `GET /api/v1/rooms/:room/messages`: history, page by page. */
export function addHistoryRoutes(
  app: App,
  parts: Readonly<{ verifyToken: VerifyToken; checkReadable: CheckReadable; readPage: ReadPage }>,
): void {
  app.get(
    "/api/v1/rooms/:room/messages",
    {
      schema: {
        tags: ["messages"],
        summary: "history of a room, oldest first",
        description:
          "Without before and after: the newest page. Page back with before = the first seq that you have.",
        security: [{ bearer: [] }],
        params: Type.Object({ room: Room }),
        querystring: Query,
        response: {
          200: Type.Object({ data: Type.Array(MessageFrame) }),
          "4xx": { $ref: "Problem#" },
          "5xx": { $ref: "Problem#" },
        },
      },
    },
    async (request) => {
      const { userId } = await bearerOf(request, parts.verifyToken);
      const { before, after, limit } = request.query;
      if (before !== undefined && after !== undefined) {
        throw new Problem(400, "bad_frame", "before and after exclude each other", { path: "/before" });
      }
      try {
        await parts.checkReadable(userId, request.params.room);
        const data = await parts.readPage(request.params.room, {
          limit: limitOf(limit),
          ...(before === undefined ? {} : { before: Number(before) }),
          ...(after === undefined ? {} : { after: Number(after) }),
        });
        return { data: [...data] };
      } catch (error) {
        throw error instanceof Refusal ? toProblem(error) : error;
      }
    },
  );
}
