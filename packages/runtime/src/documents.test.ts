import { expect, it } from "vitest";
import { completeDocument } from "./documents.ts";

const problem = { $ref: "#/components/schemas/Problem" };
const ok = {
  description: "Default Response",
  content: { "application/json": { schema: { type: "object" } } },
};

it("adds to each operation what all have in common, and leaves what it says itself", () => {
  const refused = { description: "taken", content: { "application/json": { schema: problem } } };
  const limit = {
    in: "query",
    name: "limit",
    schema: { type: "string", pattern: "^[0-9]+$", minimum: 1, maximum: 9 },
  };
  const { paths, tags } = completeDocument({
    paths: {
      "/api/v1/rooms/{room}/messages": {
        get: {
          summary: "a page",
          tags: ["rooms"],
          parameters: [limit],
          security: [{ bearer: [] }],
          responses: { 200: ok },
        },
        post: { operationId: "mine", responses: { 201: ok, 409: refused } },
      },
    },
  });
  const { get, post } = paths?.["/api/v1/rooms/{room}/messages"] ?? {};
  const problems = { content: { "application/problem+json": { schema: problem } } };
  expect(tags).toEqual([{ name: "rooms", description: "Routes: rooms" }]);
  expect(get).toMatchObject({
    operationId: "getRoomsByRoomMessages",
    description: "A page.",
    security: [{ bearer: [] }],
    parameters: [{ name: "limit", schema: { type: "integer", minimum: 1, maximum: 9 } }],
    responses: { 200: { description: "success" }, "4XX": problems, "5XX": problems },
  });
  expect(post).toMatchObject({
    operationId: "mine",
    security: [],
    responses: { 201: ok.content && { content: ok.content }, 409: { description: "taken", ...problems } },
  });
});
