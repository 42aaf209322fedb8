import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Identity } from "@parley/identity/identity";
import { refusalToProblem } from "@parley/identity/refusal-to-problem";
import { Refusal } from "@parley/protocol/codes";
import type { App } from "@parley/runtime/http";
import { Problem } from "@parley/runtime/problem";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { HandshakeRequest, Upgraded } from "./handshake.ts";

type SocketRouteOptions = Readonly<{
  /** The identity behind a handshake; undefined if it brings no token. Throws a `Refusal` to turn it away. */
  admit: (request: HandshakeRequest) => Promise<Identity | undefined>;
  /** Takes over an upgraded socket, in the same turn of the event loop. */
  accept: (upgraded: Upgraded, identity: Identity | undefined) => void;
}>;

/** What `preValidation` found out, for the handler after the upgrade. */
type Admitted = { identity: Identity | undefined; response: ServerResponse };

/** Helmet's headers are set on a refusal only: an upgrade sends none of them, and they are 5 % of a handshake's CPU. */
async function admitOrRefuse(
  admit: SocketRouteOptions["admit"],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Admitted> {
  try {
    return { identity: await admit(request), response: reply.raw };
  } catch (error) {
    reply.helmet();
    throw error instanceof Refusal ? refusalToProblem(error) : error;
  }
}

/**
 * Releases the request and the reply of a handshake, which a socket would keep for as long as it lives: the plugin's
 * error listener references both, and the TCP socket the response. That is more than half of the memory of an idle
 * socket (docs/decisions/0020).
 */
function release(ws: WebSocket, socket: Socket, response: ServerResponse): void {
  ws.removeAllListeners("error");
  response.detachSocket(socket);
}

const isUpgrade = (request: FastifyRequest): boolean =>
  request.headers.upgrade?.toLowerCase() === "websocket";

/** Paths of the socket; the second is the one of an earlier system. */
const PATHS = ["/ws", "/api/v1/ws"];

/** Adds `GET /ws` and its alias. It authenticates before the upgrade, so that a bad token is answered with a plain 401. */
export function addSocketRoute(app: App, { admit, accept }: SocketRouteOptions): void {
  const admitted = new WeakMap<object, Admitted>();
  // The plugin would upgrade at any route that comes after it, and close that socket, which nothing admits or meters.
  app.addHook("preValidation", ({ ws, routeOptions: { url = "" } }, _reply, done) =>
    ws && !PATHS.includes(url) ? done(new Problem(404, "not_found", "the WebSocket is at /ws")) : done(),
  );
  for (const url of PATHS)
    app.route({
      method: "GET",
      url,
      helmet: false,
      // No logger per request and no conversion of the query (docs/decisions/0020): whoever reads the query checks it.
      childLoggerFactory: (log) => log,
      validatorCompiler: () => () => true,
      // No answer of it is a success of HTTP: the AsyncAPI document describes it.
      schema: { hide: true },
      preValidation: async (request, reply) => {
        if (!isUpgrade(request)) return;
        admitted.set(request.raw, await admitOrRefuse(admit, request, reply));
        // Corked until `accept` has run: the answer to the handshake and `hello` leave in one write, with what the URL asks
        // for if `accept` holds them.
        request.raw.socket.cork();
      },
      handler: (_request, reply) => {
        reply.helmet();
        const hint = "this is a WebSocket: connect with ws://, for example by wscat";
        throw new Problem(426, "upgrade_required", hint);
      },
      wsHandler: (ws, request) => {
        const { identity, response } = admitted.get(request.raw) as Admitted;
        const { socket } = request.raw;
        release(ws, socket, response);
        accept({ ws, socket, address: request.ip, query: request.query as Upgraded["query"] }, identity);
        socket.uncork();
      },
    });
}
