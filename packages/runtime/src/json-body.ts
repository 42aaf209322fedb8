import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";

const NOT_UTF8 = new Problem(400, "bad_encoding", "the body is not UTF-8");

/**
 * Adds the parser of JSON bodies, the only ones that are taken. Bytes that are not UTF-8 are refused, not replaced, so
 * that no two texts are taken for the same. An absent body is `null` whatever the content type says: whether that will do
 * is for the route's schema.
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
