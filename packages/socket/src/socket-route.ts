import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Identity } from "@parley/identity/identity";
import { refusalToProblem } from "@parley/identity/refusal-to-problem";
import { Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { WebSocket } from "ws";
import type { Door } from "./door.ts";
import { checkHandshake, tokenOf } from "./handshake.ts";

const Query = Type.Object({
  token: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  room: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  debug_reconnect: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
});

const PROBLEM = { $ref: "Problem#" };
const SCHEMA = {
  tags: ["socket"],
  description:
    'The token comes as `Authorization: Bearer`, or as the first frame `{"type":"auth","token":…}` within ' +
    "5 s, or as `?token=` where ALLOW_QUERY_TOKEN permits it.",
  querystring: Query,
  response: { 401: PROBLEM, 403: PROBLEM, 426: PROBLEM, 429: PROBLEM, 503: PROBLEM },
};

/** What the handshake found out, until the socket is there. */
type Admitted = { identity: Identity | undefined; response: ServerResponse };

/**
 * Looks at who wants to come in. Helmet's headers are only put on a refusal: an upgrade sends none of them, and makes
 * one in twenty of what a handshake costs.
 */
async function admit(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<Admitted> {
  const { limits, identities } = door.options;
  try {
    door.checkOpen(request.ip);
    checkHandshake(request, limits);
    const token = tokenOf(request, limits);
    const identity = token === undefined ? undefined : await identities.verify(token);
    return { identity, response: reply.raw };
  } catch (error) {
    reply.helmet();
    throw error instanceof Refusal ? refusalToProblem(error) : error;
  }
}

/**
 * Lets go of the request and the reply of a handshake, which a socket would keep for as long as it lives: the plugin's
 * error listener holds both, and Node's socket the response. That is more than half of what an idle socket takes
 * (docs/decisions/0020-an-idle-socket-is-small.md).
 */
function release(ws: WebSocket, response: ServerResponse): void {
  ws.removeAllListeners("error");
  response.detachSocket((ws as unknown as { _socket: Socket })._socket);
}

const isUpgrade = (request: FastifyRequest): boolean =>
  request.headers.upgrade?.toLowerCase() === "websocket";

/** `GET /ws`: authenticates before the upgrade, so that a bad token is a plain 401. */
export function addSocketRoute(door: Door): void {
  const { app, service } = door.options;
  const admitted = new WeakMap<object, Admitted>();
  app.route({
    method: "GET",
    url: "/ws",
    helmet: false,
    // Nothing is logged of a handshake, and its query may be anything: who reads it checks it.
    childLoggerFactory: (log) => log,
    validatorCompiler: () => () => true,
    schema: { ...SCHEMA, summary: `the ${service}'s WebSocket; its frames are described at /docs/asyncapi` },
    preValidation: async (request, reply) => {
      if (!isUpgrade(request)) return;
      admitted.set(request.raw, await admit(door, request, reply));
      // The answer to the handshake leaves together with `hello`.
      request.raw.socket.cork();
    },
    handler: (_request, reply) => {
      reply.helmet();
      const hint = "this is a WebSocket: connect with ws://, for example by wscat";
      throw new Problem(426, "upgrade_required", hint);
    },
    wsHandler: (ws, request) => {
      const { identity, response } = admitted.get(request.raw) as Admitted;
      release(ws, response);
      door.accept(ws, { query: request.query, address: request.ip }, identity);
      request.raw.socket.uncork();
    },
  });
}
