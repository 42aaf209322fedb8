import { existsSync } from "node:fs";
import { join } from "node:path";
import { DevstackError, type Environment, REPOSITORY } from "./environment.ts";

export const SERVICE_NAMES = ["auth", "ws-producer", "ws-consumer"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The ports of a stack: who listens there, and the port of `make start` (a free one if there is none). */
export const PORTS = {
  AUTH_GRPC_PORT: { owner: "auth", usual: 50_051 },
  AUTH_HTTP_PORT: { owner: "auth", usual: 8_080 },
  PRODUCER_HTTP_PORT: { owner: "ws-producer", usual: 8_081 },
  CONSUMER_HTTP_PORT: { owner: "ws-consumer", usual: 8_082 },
  AUTH_METRICS_PORT: { owner: "auth", usual: 9_080 },
  PRODUCER_METRICS_PORT: { owner: "ws-producer", usual: 9_081 },
  CONSUMER_METRICS_PORT: { owner: "ws-consumer", usual: 9_082 },
  NATS_PORT: { owner: "nats", usual: 4_222 },
  NATS_MONITOR_PORT: { owner: "nats", usual: undefined },
  POSTGRES_PORT: { owner: "postgres", usual: 5_432 },
} as const;
export type PortVariable = keyof typeof PORTS;
export type Ports = Readonly<Record<PortVariable, number>>;

const HTTP_PORTS: Readonly<Record<ServiceName, PortVariable>> = {
  auth: "AUTH_HTTP_PORT",
  "ws-producer": "PRODUCER_HTTP_PORT",
  "ws-consumer": "CONSUMER_HTTP_PORT",
};

const METRICS_PORTS: Readonly<Record<ServiceName, PortVariable>> = {
  auth: "AUTH_METRICS_PORT",
  "ws-producer": "PRODUCER_METRICS_PORT",
  "ws-consumer": "CONSUMER_METRICS_PORT",
};

/** One process to be started: its unit's name, its service, source file, variables and ports. */
export type ServicePlan = Readonly<{
  name: string;
  service: ServiceName;
  entry: string;
  env: Environment;
  httpPort: number;
  /** Of the routes for operators. */
  metricsPort: number;
}>;

/**
 * The source file of each service.
 *
 * @throws {DevstackError} SERVICE_MISSING if a service has none.
 */
export function findEntries(
  services: readonly ServiceName[],
  others: Readonly<Partial<Record<ServiceName, string>>> = {},
): Map<ServiceName, string> {
  const entries = new Map<ServiceName, string>();
  for (const service of services) {
    const entry = others[service] ?? join(REPOSITORY, "services", service, "src/main.ts");
    if (!existsSync(entry)) throw new DevstackError("SERVICE_MISSING", `${service}: there is no ${entry}`);
    entries.set(service, entry);
  }
  return entries;
}

/** Plans the processes of a stack. `moreConsumerPorts` are the HTTP and metrics ports of the second consumer and later ones. */
export function planServices(
  entries: ReadonlyMap<ServiceName, string>,
  ports: Ports,
  moreConsumerPorts: readonly (readonly [http: number, metrics: number])[],
): ServicePlan[] {
  return [...entries].flatMap(([service, entry]): ServicePlan[] => {
    const first = {
      name: service,
      service,
      entry,
      env: {},
      httpPort: ports[HTTP_PORTS[service]],
      metricsPort: ports[METRICS_PORTS[service]],
    };
    if (service !== "ws-consumer") return [first];
    const more = moreConsumerPorts.map(([httpPort, morePort], index) => {
      const env = { CONSUMER_HTTP_PORT: String(httpPort), CONSUMER_METRICS_PORT: String(morePort) };
      return { ...first, name: `${service}-${index + 2}`, env, httpPort, metricsPort: morePort };
    });
    return [first, ...more];
  });
}
