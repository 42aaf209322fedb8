import { type Limits, LimitVariables, readLimits } from "@parley/runtime/limits";
import { allowedOrigins, OriginVariables } from "@parley/runtime/variables";
import { Type } from "typebox";

/** Variables of the WebSocket door. */
export const DoorVariables = {
  ...OriginVariables,
  ...LimitVariables,
  ALLOW_QUERY_TOKEN: Type.Optional(
    Type.Boolean({ description: "accept ?token= in the socket's URL; unset: only outside production" }),
  ),
  SOCKETS_PER_USER: Type.Integer({ default: 20, minimum: 1, description: "open sockets of one user" }),
  SOCKETS_PER_ADDRESS: Type.Integer({
    default: 200,
    minimum: 1,
    description: "open sockets from one address",
  }),
  HANDSHAKES_PER_SECOND: Type.Integer({
    default: 50,
    minimum: 1,
    description: "handshakes a second from one address",
  }),
  UNAUTHENTICATED_SOCKETS: Type.Integer({
    default: 500,
    minimum: 1,
    description: "sockets that have not sent their token yet",
  }),
  SOCKETS_BYTES_MAX: Type.Integer({
    default: 256 * 1_024 * 1_024,
    minimum: 1_048_576,
    description: "unsent bytes of all sockets together, beyond which the slowest are closed",
  }),
  DRAIN_MS: Type.Integer({
    default: 3_000,
    minimum: 0,
    maximum: 300_000,
    description: "time over which a drain closes all sockets, ms",
  }),
} as const;

export type DoorLimits = Limits &
  Readonly<{
    allowedOrigins: readonly string[];
    allowQueryToken: boolean;
    socketsPerUser: number;
    socketsPerAddress: number;
    handshakesPerSecond: number;
    unauthenticatedSockets: number;
    socketsBytes: number;
    drainMs: number;
  }>;

type DoorConfig = Parameters<typeof readLimits>[0] & {
  ALLOWED_ORIGINS: string;
  WEB_PORT: number;
  HOST: string;
  ALLOW_QUERY_TOKEN?: boolean;
  SOCKETS_PER_USER: number;
  SOCKETS_PER_ADDRESS: number;
  HANDSHAKES_PER_SECOND: number;
  UNAUTHENTICATED_SOCKETS: number;
  SOCKETS_BYTES_MAX: number;
  DRAIN_MS: number;
};

/**
 * Makes the door's limits of its variables.
 *
 * @throws {ConfigError} if limits are switched off in production.
 */
export function doorLimits(config: DoorConfig): DoorLimits {
  return {
    ...readLimits(config),
    allowedOrigins: allowedOrigins(config),
    allowQueryToken: config.ALLOW_QUERY_TOKEN ?? config.NODE_ENV !== "production",
    socketsPerUser: config.SOCKETS_PER_USER,
    socketsPerAddress: config.SOCKETS_PER_ADDRESS,
    handshakesPerSecond: config.HANDSHAKES_PER_SECOND,
    unauthenticatedSockets: config.UNAUTHENTICATED_SOCKETS,
    socketsBytes: config.SOCKETS_BYTES_MAX,
    drainMs: config.DRAIN_MS,
  };
}
