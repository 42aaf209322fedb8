import { ConfigError } from "@parley/runtime/config";
import { readTrustProxy, trustedPeers } from "@parley/runtime/trust-proxy";
import { allowedOrigins, OriginVariables } from "@parley/runtime/variables";
import { Type } from "typebox";

/** Variables of the WebSocket door. */
export const DoorVariables = {
  ...OriginVariables,
  ALLOW_QUERY_TOKEN: Type.Optional(
    Type.Boolean({ description: "accept ?token= in the socket's URL; unset: only outside production" }),
  ),
  RATE_LIMITS: Type.Union([Type.Literal("on"), Type.Literal("off")], {
    default: "on",
    description: "off for load tests; refused when NODE_ENV=production",
  }),
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
  CONNECTIONS_PER_ADDRESS: Type.Integer({
    default: 500,
    minimum: 1,
    description: "open TCP connections from one address; proxies of TRUST_PROXY are exempt",
  }),
  WORK_PER_SECOND: Type.Integer({
    default: 100,
    minimum: 1,
    description:
      "cost units that one socket may use in a second; a user twice, an address 20 times as many; 10 s of it at once",
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
    maximum: 10_000,
    description: "time over which a drain closes all sockets, ms",
  }),
} as const;

export type DoorLimits = Readonly<{
  allowedOrigins: readonly string[];
  allowQueryToken: boolean;
  /** Whether limits by user and by address apply; false in load tests. */
  isLimited: boolean;
  socketsPerUser: number;
  socketsPerAddress: number;
  handshakesPerSecond: number;
  connectionsPerAddress: number;
  /** Cost units (`cost.ts`) of one socket. */
  workPerSecond: number;
  /** Whether a TCP peer is a proxy whose forwarded addresses are believed. */
  isProxy: (address: string) => boolean;
  unauthenticatedSockets: number;
  socketsBytes: number;
  drainMs: number;
}>;

type DoorConfig = {
  NODE_ENV: "development" | "test" | "production";
  ALLOWED_ORIGINS: string;
  WEB_PORT: number;
  ALLOW_QUERY_TOKEN?: boolean;
  RATE_LIMITS: "on" | "off";
  SOCKETS_PER_USER: number;
  SOCKETS_PER_ADDRESS: number;
  HANDSHAKES_PER_SECOND: number;
  CONNECTIONS_PER_ADDRESS: number;
  WORK_PER_SECOND: number;
  TRUST_PROXY: string;
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
  const isProduction = config.NODE_ENV === "production";
  if (isProduction && config.RATE_LIMITS === "off")
    throw new ConfigError("RATE_LIMITS=off is refused when NODE_ENV=production");
  return {
    allowedOrigins: allowedOrigins(config),
    allowQueryToken: config.ALLOW_QUERY_TOKEN ?? !isProduction,
    isLimited: config.RATE_LIMITS === "on",
    socketsPerUser: config.SOCKETS_PER_USER,
    socketsPerAddress: config.SOCKETS_PER_ADDRESS,
    handshakesPerSecond: config.HANDSHAKES_PER_SECOND,
    connectionsPerAddress: config.CONNECTIONS_PER_ADDRESS,
    workPerSecond: config.WORK_PER_SECOND,
    isProxy: trustedPeers(readTrustProxy(config.TRUST_PROXY)),
    unauthenticatedSockets: config.UNAUTHENTICATED_SOCKETS,
    socketsBytes: config.SOCKETS_BYTES_MAX,
    drainMs: config.DRAIN_MS,
  };
}
