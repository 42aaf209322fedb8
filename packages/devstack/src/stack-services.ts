import { join } from "node:path";
import { type Environment, REPOSITORY } from "./environment.ts";

/** Services, and how the names of their variables begin. */
const PREFIXES = { auth: "AUTH", "ws-producer": "PRODUCER", "ws-consumer": "CONSUMER" } as const;
export type ServiceName = keyof typeof PREFIXES;
export const SERVICE_NAMES = Object.keys(PREFIXES) as readonly ServiceName[];

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

/** Plans the processes of a stack. `moreConsumerPorts` are the HTTP and metrics ports of the second consumer and later ones. */
export function planServices(
  services: readonly ServiceName[],
  entries: Readonly<Partial<Record<ServiceName, string>>>,
  ports: Ports,
  moreConsumerPorts: readonly (readonly [http: number, metrics: number])[],
): ServicePlan[] {
  return services.flatMap((service): ServicePlan[] => {
    const prefix = PREFIXES[service];
    const [httpPort, metricsPort] = [ports[`${prefix}_HTTP_PORT`], ports[`${prefix}_METRICS_PORT`]];
    const entry = entries[service] ?? join(REPOSITORY, "services", service, "src/main.ts");
    const first = { name: service, service, entry, env: {}, httpPort, metricsPort };
    if (service !== "ws-consumer") return [first];
    const more = moreConsumerPorts.map(([http, metrics], index) => {
      const env = { CONSUMER_HTTP_PORT: String(http), CONSUMER_METRICS_PORT: String(metrics) };
      return { ...first, name: `${service}-${index + 2}`, env, httpPort: http, metricsPort: metrics };
    });
    return [first, ...more];
  });
}
