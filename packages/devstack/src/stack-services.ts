import { type Environment, variable } from "./environment.ts";
import { STOP_GRACE_MS } from "./unit.ts";

/** Services, and their ports: for everybody, and for operators. */
export const SERVICES = {
  auth: ["AUTH_HTTP_PORT", "AUTH_METRICS_PORT"],
  "ws-producer": ["PRODUCER_HTTP_PORT", "PRODUCER_METRICS_PORT"],
  "ws-consumer": ["CONSUMER_HTTP_PORT", "CONSUMER_METRICS_PORT"],
  web: ["WEB_PORT", "WEB_METRICS_PORT"],
} as const;
export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[];

/** Order of a shutdown: in the direction of the flow, so that accepted messages are still stored; servers last. */
export const STOP_ORDER = [/^(web|ws-producer)/, /^ws-consumer/, /^auth/, /^(nats|postgres)/];
/** Default of DRAIN_MS, and how long a service may take for all else, ms: e2e/src/compose.test.ts compares both. */
const DRAIN_MS = 3_000;
const CLOSE_MS = 15_000;

/** How long a service may take to close: its drain, and what comes after it, ms. */
export function closeMsOf(env: Environment): number {
  return Number(variable(env, "DRAIN_MS") ?? DRAIN_MS) + CLOSE_MS;
}

/** How long a stack may take to stop, ms. */
export function stopDeadlineOf(env: Environment): number {
  return (STOP_ORDER.length - 1) * closeMsOf(env) + STOP_GRACE_MS;
}

/** The ports of a stack: who listens there, and the port of `make start` (a free one if there is none). */
export const PORTS = {
  AUTH_GRPC_PORT: { owner: "auth", usual: 50_051 },
  AUTH_HTTP_PORT: { owner: "auth", usual: 8_080 },
  PRODUCER_HTTP_PORT: { owner: "ws-producer", usual: 8_081 },
  CONSUMER_HTTP_PORT: { owner: "ws-consumer", usual: 8_082 },
  AUTH_METRICS_PORT: { owner: "auth", usual: 9_080 },
  PRODUCER_METRICS_PORT: { owner: "ws-producer", usual: 9_081 },
  CONSUMER_METRICS_PORT: { owner: "ws-consumer", usual: 9_082 },
  WEB_PORT: { owner: "web", usual: 8_083 },
  WEB_METRICS_PORT: { owner: "web", usual: 9_083 },
  NATS_PORT: { owner: "nats", usual: 4_222 },
  NATS_MONITOR_PORT: { owner: "nats", usual: undefined },
  POSTGRES_PORT: { owner: "postgres", usual: 5_432 },
} as const;
export type PortVariable = keyof typeof PORTS;
export type Ports = Readonly<Record<PortVariable, number>>;

/** The URL of a port, as this machine reaches a server that listens on `host`. */
export function urlOf(port: number | string, host = "127.0.0.1"): string {
  const address = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** One process to be started: its unit's name, its service, variables and ports. */
export type ServicePlan = Readonly<{
  name: string;
  service: ServiceName;
  env: Environment;
  httpPort: number;
  /** Of the routes for operators. */
  metricsPort: number;
}>;

/** HTTP and metrics ports of the second process of a service and later ones. */
export type MorePorts = Readonly<
  Partial<Record<ServiceName, readonly (readonly [http: number, metrics: number])[]>>
>;

/** Plans the processes of a stack. */
export function planServices(
  services: readonly ServiceName[],
  ports: Ports,
  morePorts: MorePorts,
): ServicePlan[] {
  return services.flatMap((service): ServicePlan[] => {
    const [http, metrics] = SERVICES[service];
    const [httpPort, metricsPort] = [ports[http], ports[metrics]];
    const first = { name: service, service, env: {}, httpPort, metricsPort };
    const more = (morePorts[service] ?? []).map(([httpPort, metricsPort], index) => {
      const env = { [http]: String(httpPort), [metrics]: String(metricsPort) };
      return { ...first, name: `${service}-${index + 2}`, env, httpPort, metricsPort };
    });
    return [first, ...more];
  });
}
