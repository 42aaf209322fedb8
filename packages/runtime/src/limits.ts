import { Type } from "typebox";
import { ConfigError } from "./config.ts";
import { readTrustProxy, trustedPeers } from "./trust-proxy.ts";

/** Variables of the limits that every service has. */
export const LimitVariables = {
  RATE_LIMITS: Type.Union([Type.Literal("on"), Type.Literal("off")], {
    default: "on",
    description:
      "off for load tests: nothing is limited by user or address; refused when NODE_ENV=production",
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
} as const;

export type Limits = Readonly<{
  /** Whether limits by user and by address apply; false in load tests. */
  isLimited: boolean;
  connectionsPerAddress: number;
  /** Cost units (`work.ts`) of one socket. */
  workPerSecond: number;
  /** Whether a TCP peer is a proxy whose forwarded addresses are believed. */
  isProxy: (address: string) => boolean;
}>;

type LimitConfig = Readonly<{
  NODE_ENV: "development" | "test" | "production";
  RATE_LIMITS: "on" | "off";
  CONNECTIONS_PER_ADDRESS: number;
  WORK_PER_SECOND: number;
  TRUST_PROXY: string;
}>;

/** @throws {ConfigError} if limits are switched off in production. */
export function readLimits(config: LimitConfig): Limits {
  if (config.NODE_ENV === "production" && config.RATE_LIMITS === "off")
    throw new ConfigError("RATE_LIMITS=off is refused when NODE_ENV=production");
  return {
    isLimited: config.RATE_LIMITS === "on",
    connectionsPerAddress: config.CONNECTIONS_PER_ADDRESS,
    workPerSecond: config.WORK_PER_SECOND,
    isProxy: trustedPeers(readTrustProxy(config.TRUST_PROXY)),
  };
}
