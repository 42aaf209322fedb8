import type { WebConfig } from "./config.ts";

/** Where the page finds the services: one origin with their prefixes, or ports of the host that it was opened at. */
export type ApiAddresses = string | Readonly<{ auth: number; send: number; listen: number }>;

export function apiAddresses(config: WebConfig): ApiAddresses {
  const { API_URL: url, AUTH_HTTP_PORT: auth, PRODUCER_HTTP_PORT: send, CONSUMER_HTTP_PORT: listen } = config;
  return url ?? { auth, send, listen };
}

/** A host name or an IP address, without a port: nothing that could end a directive. */
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])$/;

/**
 * The origins of the services, for `connect-src`: HTTP and WebSocket.
 *
 * @param scheme `http` or `https`, of the page's own address
 * @param host of the page's own address, from the request
 */
export function apiOrigins(api: ApiAddresses, scheme: string, host: string): string[] {
  const known = HOST.test(host) ? host : "localhost";
  const origins =
    typeof api === "string" ? [api] : Object.values(api).map((port) => `${scheme}://${known}:${port}`);
  return origins.flatMap((origin) => [origin, origin.replace(/^http/, "ws")]);
}
