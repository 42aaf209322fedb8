import { hostname, networkInterfaces } from "node:os";
import { Type } from "typebox";
import { readDatabaseUrl, readMonitorUrls, readNatsServers } from "./addresses.ts";

/** Schema of a TCP port. 0 lets the system choose one. */
export const Port = (port: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: port, description });

/** Levels of the log, most severe first. */
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Variables that every service reads. */
export const ServiceVariables = {
  NODE_ENV: Type.Union([Type.Literal("development"), Type.Literal("test"), Type.Literal("production")], {
    default: "development",
    description:
      "production disables development features, such as ?token= in a URL; test makes hashes of passwords cheap",
  }),
  HOST: Type.String({ default: "127.0.0.1", description: "address that HTTP, WebSocket and gRPC listen on" }),
  LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: "info", description: "least severe log line that is written" },
  ),
  TRUST_PROXY: Type.String({
    default: "",
    description:
      "behind reverse proxies: how many there are, or their networks (10.0.0.0/8,loopback); X-Forwarded-For is believed that far",
  }),
  PUBLIC_PREFIX: Type.String({
    default: "",
    pattern: "^(/[A-Za-z0-9._~-]+)*$",
    description: "path under which an edge serves this service, such as /auth; the edge may keep or strip it",
  }),
  METRICS_HOST: Type.String({
    default: "127.0.0.1",
    description: "address of the ports for operators: /metrics and /health/detail",
  }),
} as const;

/** Variables of services that talk to NATS. */
export const NatsVariables = {
  NATS_PORT: Port(4222, "port of NATS on this machine, used when NATS_URL is not set"),
  NATS_URL: Type.Optional(Type.String({ description: "NATS servers of one's own, comma separated" })),
  NATS_MONITOR_URL: Type.Optional(
    Type.String({
      description:
        "monitoring addresses of the NATS servers, comma separated; with them the fsync setting of each is checked",
    }),
  ),
  NATS_USER: Type.Optional(Type.String({ description: "NATS user of this service" })),
  NATS_PASSWORD: Type.Optional(Type.String({ description: "password of NATS_USER" })),
} as const;

/** Variables of services that talk to Postgres. */
export const PostgresVariables = {
  POSTGRES_PORT: Port(5432, "port of Postgres on this machine, used when DATABASE_URL is not set"),
  DATABASE_URL: Type.Optional(
    Type.String({
      description:
        "a Postgres of one's own, with user and database; of several hosts the one that takes writes is used",
    }),
  ),
} as const;

/**
 * The servers (`NATS_URL`, or this machine's `NATS_PORT`) and the user of the NATS connection.
 *
 * @throws {ConfigError} if `NATS_URL` is no address, or a password is that of an example in production.
 */
export function natsOptions(config: {
  NODE_ENV?: string;
  NATS_URL?: string;
  NATS_PORT: number;
  NATS_USER?: string;
  NATS_PASSWORD?: string;
}): { url: string; user?: string; password?: string } {
  const url = readNatsServers(config, config.NATS_URL ?? `nats://127.0.0.1:${config.NATS_PORT}`);
  if (config.NATS_USER === undefined) return { url };
  return { url, user: config.NATS_USER, password: config.NATS_PASSWORD ?? "" };
}

/** The addresses in `NATS_MONITOR_URL`. @throws {ConfigError} if one is none. */
export function monitorUrls(config: { NATS_MONITOR_URL?: string }): string[] {
  return readMonitorUrls(config.NATS_MONITOR_URL);
}

/**
 * `DATABASE_URL`, or the URL of the `parley` database on this machine's `POSTGRES_PORT`.
 *
 * @throws {ConfigError} if it is no address, or its password is that of an example in production.
 */
export function databaseUrl(config: {
  NODE_ENV?: string;
  DATABASE_URL?: string;
  POSTGRES_PORT: number;
}): string {
  const { DATABASE_URL: url = `postgres://parley@127.0.0.1:${config.POSTGRES_PORT}/parley` } = config;
  return readDatabaseUrl(config, url);
}

/** Ports of the services that people and applications call; the chat page calls them too. */
export const ServicePorts = {
  AUTH_HTTP_PORT: Port(8080, "HTTP port of auth"),
  PRODUCER_HTTP_PORT: Port(8081, "port of ws-producer: HTTP and WebSocket"),
  CONSUMER_HTTP_PORT: Port(8082, "port of ws-consumer: HTTP and WebSocket"),
} as const;

/** Variables of services that web pages may call. */
export const OriginVariables = {
  ALLOWED_ORIGINS: Type.String({
    default: "",
    description:
      "comma separated exact origins of web pages that may connect; empty: this machine's web chat",
  }),
  WEB_PORT: Port(8083, "port of the web chat"),
} as const;

const LOOPBACK = /^(localhost|127\..*|::1)$/;

/**
 * The exact origins in `ALLOWED_ORIGINS`, or this machine's web chat: under its names and addresses in the network too,
 * if `HOST` opens the services to it.
 */
export function allowedOrigins(config: {
  ALLOWED_ORIGINS: string;
  WEB_PORT: number;
  HOST: string;
}): string[] {
  const origins = config.ALLOWED_ORIGINS.split(",").map((origin) => origin.trim());
  const named = origins.filter((origin) => origin !== "");
  if (named.length > 0) return named;
  const hosts = ["localhost", "127.0.0.1", ...(LOOPBACK.test(config.HOST) ? [] : ownHosts())];
  return hosts.map((host) => `http://${host.toLowerCase()}:${config.WEB_PORT}`);
}

/** How others in the network reach this machine. */
function ownHosts(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
  const hosts = addresses
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    .map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
  return [...hosts, hostname(), `${hostname().replace(/\.local$/, "")}.local`];
}
