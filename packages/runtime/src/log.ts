import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

/** What is kept of the log while standard output takes nothing, as on a full disk, bytes; what comes then is dropped. */
const KEPT_BYTES_MAX = 1_048_576;

/** Fields that are censored, at each depth at which our code or Fastify logs them. */
const SECRET_PATHS = ["token", "refreshToken", "password", "authorization", "cookie"].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** The path of a URL without its query, which may contain `?token=`. */
function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

/** Fields of a Postgres error that quote rows and parameters. */
const QUOTING_FIELDS = ["detail", "where", "hint", "query", "parameters", "args", "internal_query"];

/** Removes the input that the message of a `JSON.parse` error quotes. */
const removeQuote = (text: string): string =>
  text.replaceAll(/Unexpected token [\s\S]*? is not valid JSON/g, "the text is not valid JSON");

/** Serializes an error with its stack, without quoted input. */
function errorFacts(error: Error): object {
  const facts: Record<string, unknown> = { ...pino.stdSerializers.err(error) };
  for (const field of QUOTING_FIELDS) delete facts[field];
  for (const [field, value] of Object.entries(facts))
    if (typeof value === "string") facts[field] = removeQuote(value);
  return facts;
}

/** Standard output as a log's destination. A line that cannot be written ends no process: the disk may be full. */
function standardOutput(): DestinationStream {
  const destination = pino.destination({ fd: process.stdout.fd, sync: true, maxLength: KEPT_BYTES_MAX });
  destination.on("error", () => undefined);
  return destination;
}

/**
 * Makes a log of JSON lines with the service's name, to standard output or `destination`. Secrets are censored.
 *
 * @param level least severe level that is written
 */
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
  return pino(options, destination ?? standardOutput());
}
