import { AuthClientVariables } from "@parley/identity/auth-client";
import { LogVariables, RoomVariables } from "@parley/protocol/variables";
import { TraceVariables } from "@parley/runtime/traces";
import {
  NatsVariables,
  Port,
  PostgresVariables,
  ServicePorts,
  ServiceVariables,
} from "@parley/runtime/variables";
import { DoorVariables } from "@parley/socket/door-limits";
import { Type } from "typebox";

/** The environment variables of ws-consumer. */
export const ConsumerConfig = Type.Object({
  ...ServiceVariables,
  ...TraceVariables,
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
  CONSUMER_HTTP_PORT: ServicePorts.CONSUMER_HTTP_PORT,
  CONSUMER_METRICS_PORT: Port(
    9082,
    "port of ws-consumer for operators: metrics and the detail of its health",
  ),
  ...RoomVariables,
  ROOMS_MADE_PER_DAY: Type.Integer({
    default: 200,
    minimum: 1,
    description: "rooms that one user may make within 24 hours, also by joining or opening them",
  }),
  ROOMS_JOINED_MAX: Type.Integer({
    default: 1_000,
    minimum: 1,
    description: "channels and groups that one user may be a member of",
  }),
  GROUP_MEMBERS_MAX: Type.Integer({ default: 1_000, minimum: 1, description: "members of a group" }),
  INVITATIONS_PER_USER: Type.Integer({
    default: 100,
    minimum: 1,
    description: "invitations of one user that were neither accepted nor declined",
  }),
  BLOCKS_PER_USER: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 1_000,
    description: "users whom one user may block",
  }),
  ROOMS_OPEN_PER_USER: Type.Integer({
    default: 2_000,
    minimum: 1,
    description: "rooms that all sockets of one user at this instance may listen to",
  }),
  LOG_REPLICAS: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 5,
    description: "copies of each shard in a NATS cluster",
  }),
  LOG_KEEP_HOURS: Type.Number({
    default: 26,
    minimum: 0.2,
    description:
      "hours that the log keeps what Postgres has stored: longer than the time between two back-ups, so that a restored one finds what came after it",
  }),
  LOG_MAX_BYTES: Type.Integer({
    default: 1_073_741_824,
    minimum: 1_048_576,
    description: "bytes that one shard of the log may take; when it is full, sends are refused as overloaded",
  }),
});
