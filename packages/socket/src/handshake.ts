import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { bearerToken } from "@parley/identity/authenticate";
import { Refusal } from "@parley/protocol/codes";
import type { WebSocket } from "ws";
import type { DoorLimits } from "./door-limits.ts";

export const SUBPROTOCOL = "parley.v1";

/** What is read of the HTTP request of a handshake; `ip` is the address that limits count. */
export type HandshakeRequest = Readonly<{ headers: IncomingHttpHeaders; query: unknown; ip: string }>;

/** A socket after its upgrade; `socket` is the TCP socket below `ws`, `query` the query of its URL. */
export type Upgraded = Readonly<{
  ws: WebSocket;
  socket: Socket;
  address: string;
  query: Readonly<Record<string, unknown>>;
}>;

/**
 * The token of a handshake: `Authorization: Bearer`, or `?token=` where that is allowed. Undefined without either; then
 * the first frame must bring it.
 *
 * @throws {Refusal} `unauthenticated` if it comes in a way that is not allowed.
 */
export function tokenOf({ headers, query }: HandshakeRequest, limits: DoorLimits): string | undefined {
  const bearer = bearerToken(headers);
  if (bearer !== undefined) return bearer;
  const { token } = query as Record<string, unknown>;
  if (token === undefined) return undefined;
  if (!limits.allowQueryToken)
    throw new Refusal("unauthenticated", "?token= is not allowed here: use the header or an auth frame");
  if (typeof token !== "string" || token === "")
    throw new Refusal("unauthenticated", "?token= needs one token");
  return token;
}

/**
 * Checks the origin (RFC 6454) and the subprotocol of a handshake.
 *
 * @throws {Refusal} `forbidden` for a page of an origin that is neither allowed nor the service's own, `bad_frame` for an unknown subprotocol.
 */
export function checkHeaders(headers: IncomingHttpHeaders, limits: DoorLimits): void {
  const { origin, host, "sec-websocket-protocol": protocols } = headers;
  const isOwn = () => origin === `http://${host}` || origin === `https://${host}`;
  if (origin !== undefined && !limits.allowedOrigins.includes(origin) && !isOwn())
    throw new Refusal("forbidden", "this origin is not on ALLOWED_ORIGINS");
  if (protocols === undefined) return;
  const offered = protocols.split(",").map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL))
    throw new Refusal("bad_frame", `the only subprotocol is ${SUBPROTOCOL}`);
}
