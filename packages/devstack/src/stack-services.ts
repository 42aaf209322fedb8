import { existsSync } from "node:fs";
import { join } from "node:path";
import { DevstackError, type Environment, REPOSITORY } from "./environment.ts";

export const SERVICE_NAMES = ["auth", "ws-producer", "ws-consumer", "web"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The ports of a stack by their variable. */
export const PORT_VARIABLES = [
  "AUTH_GRPC_PORT",
  "AUTH_HTTP_PORT",
  "PRODUCER_HTTP_PORT",
  "CONSUMER_HTTP_PORT",
  "WEB_PORT",
  "NATS_PORT",
  "NATS_MONITOR_PORT",
  "POSTGRES_PORT",
] as const;
export type PortVariable = (typeof PORT_VARIABLES)[number];
export type Ports = Readonly<Record<PortVariable, number>>;

/** Ports that each service listens on; the last is its HTTP port. */
export const SERVICE_PORTS = {
  auth: ["AUTH_GRPC_PORT", "AUTH_HTTP_PORT"],
  "ws-producer": ["PRODUCER_HTTP_PORT"],
  "ws-consumer": ["CONSUMER_HTTP_PORT"],
  web: ["WEB_PORT"],
} as const satisfies Record<ServiceName, readonly PortVariable[]>;

/** One process to be started: its unit's name, its service, source file, variables and HTTP port. */
export type ServicePlan = Readonly<{
  name: string;
  service: ServiceName;
  entry: string;
  env: Environment;
  httpPort: number;
}>;

/**
 * Plans the processes of a stack. `moreConsumerPorts` are the HTTP ports of the second consumer and later ones.
 *
 * @throws {DevstackError} SERVICE_MISSING if a service has no source file (the web page is left out then).
 */
export function planServices(
  services: readonly ServiceName[],
  entries: Readonly<Partial<Record<ServiceName, string>>>,
  ports: Ports,
  moreConsumerPorts: readonly number[],
): ServicePlan[] {
  return services.flatMap((service): ServicePlan[] => {
    const entry = entries[service] ?? join(REPOSITORY, "services", service, "src/main.ts");
    if (!existsSync(entry)) {
      if (service === "web") return [];
      throw new DevstackError("SERVICE_MISSING", `${service}: there is no ${entry}`);
    }
    const httpPort = ports[SERVICE_PORTS[service].at(-1) as PortVariable];
    const first = { name: service, service, entry, env: {}, httpPort };
    if (service !== "ws-consumer") return [first];
    const more = moreConsumerPorts.map((port, index) => ({
      ...first,
      name: `${service}-${index + 2}`,
      env: { CONSUMER_HTTP_PORT: String(port) },
      httpPort: port,
    }));
    return [first, ...more];
  });
}

/** The URL of a port, as this machine reaches a server that listens on `host`. */
export function urlOf(port: number, host: string): string {
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
