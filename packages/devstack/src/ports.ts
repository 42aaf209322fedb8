import { createServer } from "node:net";
import { DevstackError } from "./environment.ts";
import { PORTS, type Ports, type PortVariable } from "./stack-services.ts";

/** Below the kernel's range for outgoing connections, which would take such a port by chance. */
const LOWEST = 15_000;
const HIGHEST = 31_999;
const given = new Set<number>();

/** A free port, never given twice by this process. @throws {DevstackError} NO_FREE_PORT. */
export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !(await isPortFree(port, host))) continue;
    given.add(port);
    return port;
  }
  throw new DevstackError("NO_FREE_PORT", `no free port found between ${LOWEST} and ${HIGHEST}`);
}

/**
 * The ports of a stack: the wanted ones, else free ones. `owners` are the services and servers that will be started.
 *
 * @throws {DevstackError} PORT_TAKEN that names each of their ports that is taken or wanted twice, with its variable.
 */
export async function choosePorts(
  wanted: Readonly<Partial<Record<PortVariable, number | undefined>>>,
  owners: ReadonlySet<string>,
  host: string,
): Promise<Ports> {
  const problems: string[] = [];
  const users = new Map<number, PortVariable>();
  const ports: Partial<Record<PortVariable, number>> = {};
  for (const variable of Object.keys(PORTS) as PortVariable[]) {
    const { owner } = PORTS[variable];
    const port = wanted[variable] ?? (await findFreePort(host));
    ports[variable] = port;
    if (!owners.has(owner)) continue;
    const other = users.get(port);
    const address = owner === "nats" || owner === "postgres" ? "127.0.0.1" : host;
    if (other !== undefined) problems.push(`port ${port} is wanted by both ${other} and ${variable}`);
    else if (!(await isPortFree(port, address))) problems.push(`port ${port} (${variable}) is taken`);
    users.set(port, variable);
  }
  if (problems.length === 0) return ports as Ports;
  const advice = "stop what uses it, or choose other ports in the environment or in .env";
  throw new DevstackError("PORT_TAKEN", `${problems.join("; ")}; ${advice}`);
}

/** Refuses a port that is taken. @throws {DevstackError} PORT_TAKEN, with the variable that names it. */
export async function assertPortFree(port: number, name: string): Promise<void> {
  if (!(await isPortFree(port, "127.0.0.1")))
    throw new DevstackError("PORT_TAKEN", `port ${port} (${name}) is taken`);
}

function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
