import { Port, ServiceVariables } from "@parley/runtime/variables";
import { Type } from "typebox";

/** The environment variables of the canary. */
export const CanaryConfig = Type.Object({
  LOG_LEVEL: ServiceVariables.LOG_LEVEL,
  METRICS_HOST: ServiceVariables.METRICS_HOST,
  CANARY_METRICS_PORT: Port(9084, "port of the canary for operators: metrics and the detail of its health"),
  CANARY_TOKEN: Type.String({
    description: "canary: token of a service account with the scopes messages:read and messages:write",
  }),
  CANARY_SEND_URL: Type.String({
    default: "http://127.0.0.1:8081",
    pattern: "^https?://",
    description: "canary: where it reaches ws-producer, best through the edge",
  }),
  CANARY_LISTEN_URL: Type.String({
    default: "http://127.0.0.1:8082",
    pattern: "^https?://",
    description: "canary: where it reaches ws-consumer",
  }),
  CANARY_ROOM: Type.String({
    default: "canary",
    pattern: "^[a-z0-9][a-z0-9_-]{0,63}$",
    description: "canary: the channel that it writes to",
  }),
  CANARY_EVERY_MS: Type.Integer({
    default: 1_000,
    minimum: 100,
    description: "canary: time between rounds, ms",
  }),
});
