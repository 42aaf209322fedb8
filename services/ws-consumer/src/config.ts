import { AuthClientVariables } from "@parley/identity/auth-client";
import { LogVariables, RoomVariables } from "@parley/protocol/variables";
import { NatsVariables, Port, PostgresVariables, ServiceVariables } from "@parley/runtime/variables";
import { DoorVariables } from "@parley/socket/door-limits";
import { Type } from "typebox";

/** The environment variables of ws-consumer. */
export const ConsumerConfig = Type.Object({
  ...ServiceVariables,
  ...NatsVariables,
  ...PostgresVariables,
  ...AuthClientVariables,
  ...DoorVariables,
  ...LogVariables,
  SEARCH_LANGUAGE: Type.String({
    default: "english",
    pattern: "^[a-z_]{1,63}$",
    description: "text search configuration of Postgres (\\dF lists them); simple: words as they are written",
  }),
  CONSUMER_HTTP_PORT: Port(8082, "port of ws-consumer: HTTP and WebSocket"),
  CONSUMER_METRICS_PORT: Port(
    9082,
    "port of ws-consumer for operators: metrics and the detail of its health",
  ),
  ...RoomVariables,
  LOG_REPLICAS: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 5,
    description: "copies of each shard in a NATS cluster",
  }),
  LOG_MAX_BYTES: Type.Integer({
    default: 1_073_741_824,
    minimum: 1_048_576,
    description: "bytes that one shard of the log may take; when it is full, sends are refused as overloaded",
  }),
});
