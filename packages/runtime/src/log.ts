import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

/** Paths that never reach a log, at any depth that our code or Fastify logs them. */
const SECRET_PATHS = ["token", "refreshToken", "password", "authorization", "cookie"].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** A path without its query: a query may carry `?token=`. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** What Postgres says beside its message: rows and parameters are quoted there. */
const QUOTING_FIELDS = ["detail", "where", "hint", "query", "parameters", "args", "internal_query"];

/** `JSON.parse` quotes what it could not read. */
const withoutQuote = (text: string): string =>
  text.replaceAll(/Unexpected token [\s\S]*? is not valid JSON/g, "the text is not valid JSON");

/** An error with its stack, without what it quotes of somebody's input. */
function errorFacts(error: Error): object {
  const facts: Record<string, unknown> = { ...pino.stdSerializers.err(error) };
  for (const field of QUOTING_FIELDS) delete facts[field];
  for (const [field, value] of Object.entries(facts))
    if (typeof value === "string") facts[field] = withoutQuote(value);
  return facts;
}

/** JSON lines on standard output, with the service's name on each and secrets removed. */
export function createLog(service: string, level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_PATHS, censor: "[secret]" },
    serializers: {
      req: (request: { method: string; url: string; ip?: string }) => ({
        method: request.method,
        path: pathOf(request.url),
        address: request.ip,
      }),
      res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
      err: errorFacts,
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
