import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, REPOSITORY } from "@parley/devstack/environment";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { httpPortOf, httpUrlOf, metricsUrlOf } from "../addresses.ts";
import { ANSWER_MS, checkClock, type Finding, mend, ok, silence } from "./finding.ts";

/** The version of this folder. */
const ownVersion = () =>
  (JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { version: string }).version;

/** Checks each service at its port, on HOST or this machine: readiness, version, clock. */
export async function checkServices(env: Environment): Promise<Finding[]> {
  return (await Promise.all(SERVICE_NAMES.map((name) => checkService(name, env)))).flat();
}

async function checkService(name: string, env: Environment): Promise<Finding[]> {
  const [port, url] = [httpPortOf(name), httpUrlOf(name, env)];
  try {
    const askedAt = Date.now();
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { service, time, version } = (await response.json()) as Record<string, string | undefined>;
    if (service !== name)
      return [mend(`${url} is ${service ?? "another program"} and not ${name}: correct ${port}`)];
    const clock = checkClock(name, Date.parse(time ?? ""), askedAt);
    if (response.status !== 200)
      return [...clock, mend(`${name} is not ready: ${await reasonsOf(name, env)}`)];
    const wanted = ownVersion();
    if (version !== wanted)
      return [
        ...clock,
        mend(`${name} is version ${version ?? "unknown"} and this folder ${wanted}: update the older one`),
      ];
    return [...clock, ok(`${name} is ready, version ${version}`)];
  } catch (error) {
    return [mend(silence(error, `${name} does not answer at ${url}`, name, `start it, or set ${port}`))];
  }
}

/** What a service says of its dependencies on its port for operators. */
async function reasonsOf(name: string, env: Environment): Promise<string> {
  const url = `${metricsUrlOf(name, env)}/health/detail`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    const faults = Object.entries(checks).filter(([, state]) => state !== "ok");
    return faults.map(([part, state]) => `${part}: ${state}`).join("; ");
  } catch {
    return "see its log";
  }
}
