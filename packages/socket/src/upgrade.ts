import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Refusal } from "@parley/protocol/codes";
import { FRAME_BYTES_MAX } from "@parley/protocol/limits";
import { Problem, problemText } from "@parley/runtime/problem";
import { WebSocketServer } from "ws";
import type { Door } from "./door.ts";
import { checkHandshake, type Handshake, readHandshake, SUBPROTOCOL, tokenOf } from "./handshake.ts";
import type { Identity } from "./identity.ts";
import { toProblem } from "./socket-route.ts";

/**
 * Answers upgrades to `/ws`: it authenticates first, so that a bad token is a plain 401. It does so beside Fastify and
 * not through it, because a socket that came through Fastify keeps its request and reply for as long as it lives: that
 * was 40 of 50 KB a socket.
 */
export function addUpgrade(door: Door): void {
  const { app, log, trustProxy } = door.options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const onBreak = () => socket.destroy();
    socket.on("error", onBreak);
    try {
      const handshake = readHandshake(request, trustProxy);
      const identity = await identify(door, handshake);
      socket.off("error", onBreak);
      server.handleUpgrade(request, socket, head, (ws) => door.accept(ws, handshake, identity));
    } catch (error) {
      refuse(socket, problemOf(error));
      if (!(error instanceof Refusal || error instanceof Problem))
        log.error({ err: error }, "a handshake failed");
    }
  };
  app.server.on("upgrade", (request, socket, head) => void upgrade(request, socket, head));
}

/** Who asks, if the handshake says so. */
async function identify(door: Door, handshake: Handshake): Promise<Identity | undefined> {
  const { limits, identities } = door.options;
  if (handshake.path !== "/ws") throw new Problem(404, "not_found", "there is no WebSocket here; see /docs");
  door.checkOpen(handshake.address);
  checkHandshake(handshake, limits);
  const token = tokenOf(handshake, limits);
  return token === undefined ? undefined : identities.verify(token);
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return error instanceof Refusal
    ? toProblem(error)
    : new Problem(500, "internal", "something went wrong on our side");
}

/** Answers an upgrade with a problem, and ends the connection. */
function refuse(socket: Duplex, problem: Problem): void {
  const text = problemText(problem);
  const { status, retryAfterMs } = problem;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
    ...(retryAfterMs === undefined ? [] : [`Retry-After: ${Math.ceil(retryAfterMs / 1_000)}`]),
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
