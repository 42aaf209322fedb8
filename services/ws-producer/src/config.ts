import { AuthClientVariables } from "@parley/identity/auth-client";
import { LogVariables, RoomVariables } from "@parley/protocol/variables";
import { TraceVariables } from "@parley/runtime/traces";
import { NatsVariables, Port, ServicePorts, ServiceVariables } from "@parley/runtime/variables";
import { DoorVariables } from "@parley/socket/door-limits";
import { Type } from "typebox";

/** The environment variables of ws-producer. */
export const ProducerConfig = Type.Object({
  ...ServiceVariables,
  ...TraceVariables,
  ...NatsVariables,
  ...AuthClientVariables,
  ...DoorVariables,
  ...LogVariables,
  ...RoomVariables,
  CHANNELS_MADE_PER_HOUR: Type.Integer({
    default: 200,
    minimum: 1,
    description:
      "channels that one user may make by a message, or be the first to post to at this instance, in an hour",
  }),
  LOG_BACKLOG_MAX: Type.Integer({
    default: 500_000,
    minimum: 1,
    description: "entries of one shard that may wait for Postgres before sends are refused as overloaded",
  }),
  PRODUCER_HTTP_PORT: ServicePorts.PRODUCER_HTTP_PORT,
  PRODUCER_METRICS_PORT: Port(
    9081,
    "port of ws-producer for operators: metrics and the detail of its health",
  ),
});
