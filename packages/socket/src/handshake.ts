import type { IncomingHttpHeaders } from "node:http";
import { bearerToken } from "@parley/identity/authenticate";
import { Refusal } from "@parley/protocol/codes";
import type { DoorLimits } from "./door-limits.ts";

export const SUBPROTOCOL = "parley.v1";

/** What a client asks for when it connects. */
export type Handshake = Readonly<{
  query: Readonly<Record<string, unknown>>;
  /** Whom limits by address count. */
  address: string;
}>;

type Asked = Readonly<{ headers: IncomingHttpHeaders; query: unknown }>;

/**
 * The token that a handshake brings: `Authorization: Bearer`, or `?token=` where that is allowed. Undefined if it
 * brings none; then the first frame must.
 *
 * @throws {Refusal} `unauthenticated` if one is brought in a way that is not allowed.
 */
export function tokenOf(request: Asked, limits: DoorLimits): string | undefined {
  const token = bearerToken(request.headers);
  if (token !== undefined) return token;
  const query = (request.query as Record<string, unknown>).token;
  if (query === undefined) return undefined;
  if (!limits.allowQueryToken)
    throw new Refusal("unauthenticated", "?token= is not allowed here: use the header or an auth frame");
  if (typeof query !== "string" || query === "")
    throw new Refusal("unauthenticated", "?token= needs one token");
  return query;
}

/** @throws {Refusal} `forbidden` if a page of another origin asks (RFC 6454), `bad_frame` for an unknown subprotocol. */
export function checkHandshake(request: Pick<Asked, "headers">, limits: DoorLimits): void {
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
