import { ERROR_STATUS, type Refusal } from "@parley/protocol/codes";
import { Problem } from "@parley/runtime/problem";
import { Type } from "typebox";
import type { Door } from "./door.ts";

/** A refusal as an HTTP problem, with the status of its code. */
export function toProblem(refusal: Refusal): Problem {
  const { code, message, path, retryAfterMs } = refusal;
  return new Problem(ERROR_STATUS[code], code, message, {
    ...(path === undefined ? {} : { path }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** `GET /ws` for whoever asks without an upgrade, and for the OpenAPI page; the upgrade itself is upgrade.ts. */
export function addSocketRoute({ options: { app, service } }: Door): void {
  app.get(
    "/ws",
    {
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
    },
    () => {
      throw new Problem(
        426,
        "upgrade_required",
        "this is a WebSocket: connect with ws://, for example by wscat",
      );
    },
  );
}
