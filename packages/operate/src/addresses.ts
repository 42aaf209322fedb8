import { type Environment, variable } from "@parley/devstack/environment";
import { PORTS, type PortVariable, SERVICES, type ServiceName, urlOf } from "@parley/devstack/stack-services";

const portsOf = (name: string) =>
  (SERVICES as Readonly<Record<string, (typeof SERVICES)[ServiceName]>>)[name];
/** The variable of the port for everybody of a service; undefined for another process. */
export const httpPortOf = (name: string): PortVariable | undefined => portsOf(name)?.[0];

const portIn = (env: Environment, port: PortVariable) => variable(env, port) ?? `${PORTS[port].usual}`;

/** Where a service is for everybody, as variables say, else as `make start` has it; undefined for another process. */
export function httpUrlOf(name: string, env: Environment): string | undefined {
  const port = httpPortOf(name);
  return port && urlOf(portIn(env, port), variable(env, "HOST"));
}

/** Where a service is for operators; as `httpUrlOf`. */
export function metricsUrlOf(name: string, env: Environment): string | undefined {
  const port = portsOf(name)?.[1];
  return port && urlOf(portIn(env, port), variable(env, "METRICS_HOST"));
}
