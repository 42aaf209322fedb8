import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Refusal } from "@parley/protocol/codes";
import type { DoorLimits } from "./door-limits.ts";

export const SUBPROTOCOL = "parley.v1";

/** What a client asks for when it connects. */
export type Handshake = Readonly<{
  path: string;
  headers: IncomingHttpHeaders;
  /** A name that comes several times has all its values. */
  query: Readonly<Record<string, string | readonly string[]>>;
  /** Whom limits by address count. */
  address: string;
}>;

/** Names of the query that mean something here. */
const QUERY_NAMES = ["token", "room", "debug_reconnect"] as const;

/** Reads the start of an upgrade. Behind a proxy that is trusted, the client's address is the first that it names. */
export function readHandshake(request: IncomingMessage, trustProxy: boolean): Handshake {
  const { headers, url = "" } = request;
  const mark = url.indexOf("?");
  const query: Record<string, string | readonly string[]> = {};
  if (mark !== -1) {
    const params = new URLSearchParams(url.slice(mark + 1));
    for (const name of QUERY_NAMES) {
      const [first, ...rest] = params.getAll(name);
      if (first !== undefined) query[name] = rest.length === 0 ? first : [first, ...rest];
    }
  }
  const forwarded = trustProxy
    ? String(headers["x-forwarded-for"] ?? "")
        .split(",")[0]
        ?.trim()
    : "";
  const address = forwarded || (request.socket.remoteAddress ?? "");
  return { path: mark === -1 ? url : url.slice(0, mark), headers, query, address };
}

/**
 * The token that a handshake brings: `Authorization: Bearer`, or `?token=` where that is allowed. Undefined if it
 * brings none; then the first frame must.
 *
 * @throws {Refusal} `unauthenticated` if one is brought in a way that is not allowed.
 */
export function tokenOf(
  request: Pick<Handshake, "headers"> & { query: unknown },
  limits: DoorLimits,
): string | undefined {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const [scheme, token, ...rest] = String(header).split(" ");
    if (scheme?.toLowerCase() !== "bearer" || !token || rest.length > 0) {
      throw new Refusal("unauthenticated", "the Authorization header must be: Bearer <token>");
    }
    return token;
  }
  const query = (request.query as Record<string, unknown>).token;
  if (query === undefined) return undefined;
  if (!limits.allowQueryToken)
    throw new Refusal("unauthenticated", "?token= is not allowed here: use the header or an auth frame");
  if (typeof query !== "string" || query === "")
    throw new Refusal("unauthenticated", "?token= needs one token");
  return query;
}

/** @throws {Refusal} `forbidden` if a page of another origin asks (RFC 6454), `bad_frame` for an unknown subprotocol. */
export function checkHandshake(request: Pick<Handshake, "headers">, limits: DoorLimits): void {
  const { origin, "sec-websocket-protocol": protocols } = request.headers;
  if (origin !== undefined && !limits.allowedOrigins.includes(String(origin))) {
    throw new Refusal("forbidden", "this origin is not on ALLOWED_ORIGINS");
  }
  if (protocols === undefined) return;
  const offered = String(protocols)
    .split(",")
    .map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL))
    throw new Refusal("bad_frame", `the only subprotocol is ${SUBPROTOCOL}`);
}
