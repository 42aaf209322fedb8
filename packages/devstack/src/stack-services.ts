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

const HTTP_PORT: Readonly<Record<ServiceName, PortVariable>> = {
  auth: "AUTH_HTTP_PORT",
  "ws-producer": "PRODUCER_HTTP_PORT",
  "ws-consumer": "CONSUMER_HTTP_PORT",
  web: "WEB_PORT",
};

/** One process to be started: its unit's name, which service it is, its source file, variables and HTTP port. */
export type ServicePlan = Readonly<{
  name: string;
  service: ServiceName;
  entry: string;
  env: Environment;
  httpPort: number;
}>;

export type PlanOptions = Readonly<{
  services: readonly ServiceName[];
  entries: Readonly<Partial<Record<ServiceName, string>>>;
  ports: Ports;
  /** The HTTP ports of the second consumer and later ones. */
  moreConsumerPorts: readonly number[];
}>;

/** The source file that starts a service. */
export function entryOf(service: ServiceName): string {
  return join(REPOSITORY, "services", service, "src/main.ts");
}

/**
 * Plans the processes of a stack.
 *
 * @throws {DevstackError} SERVICE_MISSING if a service has no source file (the web page is left out then).
 */
export function planServices(options: PlanOptions): ServicePlan[] {
  const plans: ServicePlan[] = [];
  for (const service of options.services) {
    const entry = options.entries[service] ?? entryOf(service);
    if (!existsSync(entry)) {
      if (service === "web") continue;
      throw new DevstackError("SERVICE_MISSING", `${service}: there is no ${entry}`);
    }
    const httpPort = options.ports[HTTP_PORT[service]];
    plans.push({ name: service, service, entry, env: {}, httpPort });
    if (service !== "ws-consumer") continue;
    for (const [index, port] of options.moreConsumerPorts.entries()) {
      plans.push({
        name: `${service}-${index + 2}`,
        service,
        entry,
        env: { CONSUMER_HTTP_PORT: String(port) },
        httpPort: port,
      });
    }
  }
  return plans;
}

/** The variables that every service of a stack is given. */
export function sharedEnv(options: {
  ports: Ports;
  host: string;
  dataDir: string;
  natsUrl: string;
  natsMonitorUrl: string | undefined;
}): Environment {
  const { ports } = options;
  return {
    AUTH_GRPC_PORT: String(ports.AUTH_GRPC_PORT),
    AUTH_HTTP_PORT: String(ports.AUTH_HTTP_PORT),
    PRODUCER_HTTP_PORT: String(ports.PRODUCER_HTTP_PORT),
    CONSUMER_HTTP_PORT: String(ports.CONSUMER_HTTP_PORT),
    WEB_PORT: String(ports.WEB_PORT),
    HOST: options.host,
    DATA_DIR: options.dataDir,
    NATS_URL: options.natsUrl,
    ...(options.natsMonitorUrl === undefined ? {} : { NATS_MONITOR_URL: options.natsMonitorUrl }),
    AUTH_GRPC_URL: `localhost:${ports.AUTH_GRPC_PORT}`,
    PARLEY_SUPERVISED: "1",
  };
}
