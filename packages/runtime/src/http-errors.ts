import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { BusyError, isAway } from "./postgres-errors.ts";
import { Problem, problemText } from "./problem.ts";

const PROBLEM_TYPE = "application/problem+json";
/** Retry delay of `unavailable` while Postgres does not answer, ms. */
const AWAY_RETRY_MS = 1_000;

/** Codes of Fastify's own client errors; others are `bad_request`. */
const FRAMEWORK_CODES: Readonly<Record<string, string>> = {
  FST_ERR_VALIDATION: "bad_frame",
  FST_ERR_CTP_INVALID_JSON_BODY: "bad_json",
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_BAD_URL: "bad_encoding",
};

/**
 * The problem that answers an error of a route or of Fastify; `internal` for an unexpected one.
 *
 * @param tooLargePaths JSON Pointers to texts of the body whose `maxLength` error is `too_large` instead of `bad_frame`
 */
export function problemOfError(
  error: FastifyError | Problem | Error,
  tooLargePaths: readonly string[] = [],
): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof BusyError)
    return new Problem(503, "overloaded", "too many requests at once", { retryAfterMs: error.retryAfterMs });
  if (isAway(error))
    return new Problem(503, "unavailable", "the database does not answer", { retryAfterMs: AWAY_RETRY_MS });
  const status = "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
  if (status >= 500) return new Problem(500, "internal", "something went wrong on our side");
  const code = "code" in error ? (FRAMEWORK_CODES[error.code] ?? "bad_request") : "bad_request";
  const first = "validation" in error ? error.validation?.[0] : undefined;
  if (!first) return new Problem(status, code, error.message);
  const missing = (first.params as { requiredProperties?: string[] })?.requiredProperties?.[0];
  const path = missing === undefined ? first.instancePath : `${first.instancePath}/${missing}`;
  const where = "validationContext" in error ? error.validationContext : "request";
  const detail = `${where}${path} ${missing === undefined ? first.message : "is required"}`;
  const isTooLarge = where === "body" && first.keyword === "maxLength" && tooLargePaths.includes(path);
  return isTooLarge
    ? new Problem(413, "too_large", detail, { path })
    : new Problem(status, code, detail, { path });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterMs !== undefined)
    reply.header("retry-after", Math.ceil(problem.retryAfterMs / 1_000));
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problemText(problem));
}

/** Answers a request whose URL Fastify could not decode. */
export function refuseUrl(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, code } = problemOfError(error);
  // The limits of an address act when it connects again: no hook sees this request.
  reply.header("connection", "close");
  sendProblem(reply, new Problem(status, code, "the URL is not percent-encoded UTF-8"));
}

const PARSER_PROBLEMS: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new Problem(408, "bad_request", "the request did not arrive in time"),
  HPE_HEADER_OVERFLOW: new Problem(431, "too_large", "the headers are too long"),
  HPE_INVALID_METHOD: new Problem(405, "method_not_allowed", "HTTP has no such method"),
};
const MALFORMED = new Problem(400, "bad_request", "this is not HTTP");
/** Methods in the `Allow` header of a request whose method is unknown. */
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Answers a request that node:http could not parse, and closes the connection. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  writeProblem(socket, PARSER_PROBLEMS[error.code ?? ""] ?? MALFORMED);
  socket.destroy(error);
}

/** Answers a CONNECT, to which node:http would answer nothing; it has taken its error listener off the socket. */
export function refuseConnect(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  writeProblem(socket, PARSER_PROBLEMS.HPE_INVALID_METHOD as Problem);
  socket.destroySoon();
}

/** Writes a problem to a connection that no reply of Fastify answers; the caller ends it. */
export function writeProblem(socket: Socket, problem: Problem): void {
  const body = problemText(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${JSON.parse(body).title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(problem.status === 405 ? [`Allow: ${METHODS}`] : []),
    "Connection: close",
  ];
  if (socket.writable) socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/**
 * What is wrong with a request, if anything: 400 `bad_encoding` if its URL is not percent-encoded UTF-8, also in its
 * query; 400 `bad_request` if HTTP/1.1 comes without a host (RFC 9112 section 3.2).
 */
export function faultOf(request: IncomingMessage): Problem | null {
  const { url = "", headers, headersDistinct, httpVersion } = request;
  // Requests that Fastify's `inject` makes have no `headersDistinct`.
  const { host = [headers.host].filter(Boolean) } = headersDistinct ?? {};
  const hosts = host.length;
  if (hosts > 1 || (hosts === 0 && httpVersion === "1.1"))
    return new Problem(400, "bad_request", "HTTP/1.1 needs one Host header (RFC 9112 section 3.2)");
  if (!url.includes("%")) return null;
  try {
    decodeURIComponent(url);
    return null;
  } catch {
    return new Problem(400, "bad_encoding", "the URL is not percent-encoded UTF-8");
  }
}
