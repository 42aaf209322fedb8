import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";

const NOT_UTF8 = new Problem(400, "bad_encoding", "the body is not UTF-8");

/**
 * Adds the parser of JSON bodies; other content types are refused. Invalid UTF-8 is refused and not replaced, so that
 * different bodies never become the same text. An empty body is `null` whatever its content type: the route's schema
 * decides whether that is valid.
 */
export function addJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    (request: FastifyRequest, body: Buffer, done) => {
      if (body.length === 0) done(null, null);
      else if (!isUtf8(body)) done(NOT_UTF8);
      else void parse(request, body.toString(), done);
    },
  );
}
