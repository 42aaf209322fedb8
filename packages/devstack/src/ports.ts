import { createServer } from "node:net";
import { DevstackError } from "./environment.ts";

/** Below the kernel's range for outgoing connections, which would take such a port by chance. */
const LOWEST = 15_000;
const HIGHEST = 31_999;
const given = new Set<number>();

/** Whether nothing listens on the port of that address. */
export function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port, never given twice by this process. @throws {DevstackError} NO_FREE_PORT. */
export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    if (await isPortFree(port, host)) {
      given.add(port);
      return port;
    }
  }
  throw new DevstackError("NO_FREE_PORT", `no free port found between ${LOWEST} and ${HIGHEST}`);
}

/** A port and the variable that sets it. */
export type NamedPort = Readonly<{ port: number; variable: string; host?: string }>;

/**
 * Checks all ports before anything starts.
 *
 * @throws {DevstackError} PORT_TAKEN that names each port that is taken, or wanted twice, and its variable.
 */
export async function requireFreePorts(ports: readonly NamedPort[]): Promise<void> {
  const problems: string[] = [];
  const seen = new Map<number, string>();
  for (const { port, variable, host } of ports) {
    const other = seen.get(port);
    if (other !== undefined) problems.push(`port ${port} is wanted by both ${other} and ${variable}`);
    else if (!(await isPortFree(port, host))) problems.push(`port ${port} (${variable}) is taken`);
    seen.set(port, variable);
  }
  if (problems.length === 0) return;
  throw new DevstackError(
    "PORT_TAKEN",
    `${problems.join("; ")}; stop what uses it, or choose other ports in the environment or in .env`,
  );
}
