import type { IncomingHttpHeaders } from "node:http";
import { identityOf } from "@parley/identity/authenticate";
import { refusalToProblem } from "@parley/identity/refusal-to-problem";
import { Refusal } from "@parley/protocol/codes";
import { Id, Room } from "@parley/protocol/fields";
import { contentOf, MessageContent } from "@parley/protocol/message";
import { AckFrame } from "@parley/protocol/server-frames";
import { withDeadline } from "@parley/runtime/deadline";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import { Type } from "typebox";
import type { Posted, PostMessage } from "../../application/post-message.ts";

/** Longest wait for the log, ms. A socket waits longer: its client hears of other things meanwhile. */
const ANSWER_DEADLINE_MS = 9_000;

const late = () =>
  new Problem(503, "unavailable", "the log did not answer in time: send it again with the same id", {
    retryAfterMs: 5_000,
  });

const NewMessage = Type.Object(
  { id: Type.Optional(Id), ...MessageContent.properties },
  { examples: [{ body: "Hello, World!", id: "m1" }] },
);

/** Characters of a `traceparent`; later versions of it may be longer. What is not understood is ignored. */
const TRACEPARENT_LENGTH_MAX = 512;

/** A message, and what HTTP adds to it, in units of packages/runtime/src/work.ts. */
const POST_COST = 4;

/** Adds `POST /api/v1/rooms/:room/messages`, which does over HTTP what the `message` frame does. */
export function addMessageRoutes(
  app: App,
  postMessage: PostMessage,
  ackOf: (posted: Posted) => AckFrame,
): void {
  app.post(
    "/api/v1/rooms/:room/messages",
    {
      config: { cost: POST_COST },
      preValidation: async ({ headers }) => decodeKey(headers),
      schema: {
        tags: ["messages"],
        summary: "post a message; answers once the log has it on disk",
        description: "A retry with the same id (or Idempotency-Key) is acknowledged again and stored once.",
        security: [{ bearer: [] }],
        params: Type.Object({ room: Room }),
        headers: Type.Object({
          "idempotency-key": Type.Optional(Id),
          traceparent: Type.Optional(
            Type.String({
              maxLength: TRACEPARENT_LENGTH_MAX,
              description:
                "the caller's place in a trace of its own (W3C Trace Context): the message's trace links to it",
            }),
          ),
        }),
        body: NewMessage,
        response: {
          201: Type.Object({ data: AckFrame }),
          "4xx": { $ref: "Problem#" },
          "5xx": { $ref: "Problem#" },
        },
      },
    },
    async (request, reply) => {
      const { userId, username } = identityOf(request);
      const { "idempotency-key": key, traceparent } = request.headers;
      const { id } = request.body;
      if (key !== undefined && id !== undefined && key !== id) {
        throw new Problem(400, "bad_frame", "id and Idempotency-Key differ", { path: "/id" });
      }
      const draft = { id: id ?? key, room: request.params.room, content: contentOf(request.body) };
      const author = { id: userId, username };
      let isLate = false;
      try {
        const isGone = () => isLate || request.socket.destroyed;
        const posting = postMessage(draft, author, { isGone, since: performance.now(), traceparent });
        const posted = await withDeadline(posting, ANSWER_DEADLINE_MS, "the log");
        return await reply.code(201).send({ data: ackOf(posted) });
      } catch (error) {
        isLate = error instanceof Error && "code" in error && error.code === "DEADLINE";
        if (isLate) throw late();
        throw error instanceof Refusal ? refusalToProblem(error) : error;
      }
    },
  );
}

/** Makes UTF-8 of the key: node:http reads each byte of a header as a character. */
function decodeKey(headers: IncomingHttpHeaders): void {
  const header = headers["idempotency-key"];
  if (typeof header !== "string") return;
  const key = Buffer.from(header, "latin1").toString();
  if (key.includes("\uFFFD"))
    throw new Problem(400, "bad_encoding", "Idempotency-Key is not UTF-8", { path: "/idempotency-key" });
  headers["idempotency-key"] = key;
}
