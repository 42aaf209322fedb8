import { ERROR_STATUS, Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Door } from "./door.ts";
import { checkHandshake, tokenOf } from "./handshake.ts";
import type { Identity } from "./identity.ts";

/** A refusal as an HTTP problem, with the status of its code. */
export function toProblem(refusal: Refusal): Problem {
  const { code, message, path, retryAfterMs } = refusal;
  return new Problem(ERROR_STATUS[code], code, message, {
    ...(path === undefined ? {} : { path }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const IDENTITIES = new WeakMap<object, Identity>();

async function identify(door: Door, request: FastifyRequest): Promise<void> {
  try {
    door.checkOpen(request.ip);
    checkHandshake(request, door.options.limits);
    const token = tokenOf(request, door.options.limits);
    if (token !== undefined) IDENTITIES.set(request.raw, await door.options.identities.verify(token));
  } catch (error) {
    throw error instanceof Refusal ? toProblem(error) : error;
  }
}

const isUpgrade = (request: FastifyRequest): boolean =>
  request.headers.upgrade?.toLowerCase() === "websocket";

/** `GET /ws`: authenticates before the upgrade, so that a bad token is a plain 401. */
export function addSocketRoute(door: Door): void {
  const { app, service } = door.options;
  app.route({
    method: "GET",
    url: "/ws",
    schema: {
      tags: ["socket"],
      summary: `the ${service}'s WebSocket; its frames are described at /docs/asyncapi`,
      description:
        'The token comes as `Authorization: Bearer`, or as the first frame `{"type":"auth","token":…}` within ' +
        "5 s, or as `?token=` where ALLOW_QUERY_TOKEN permits it.",
      querystring: Type.Object({
        token: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
        room: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
        debug_reconnect: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
      }),
      response: {
        426: { $ref: "Problem#" },
        401: { $ref: "Problem#" },
        403: { $ref: "Problem#" },
        429: { $ref: "Problem#" },
        503: { $ref: "Problem#" },
      },
    },
    preValidation: async (request) => {
      if (isUpgrade(request)) await identify(door, request);
    },
    handler: () => {
      throw new Problem(
        426,
        "upgrade_required",
        "this is a WebSocket: connect with ws://, for example by wscat",
      );
    },
    wsHandler: (socket, request) => door.accept(socket, request, IDENTITIES.get(request.raw)),
  });
}
