import { ConfigError } from "./config.ts";
import { urlsOfHosts } from "./postgres-hosts.ts";

/** Passwords of examples, and defaults of earlier versions. */
const EXAMPLE_PASSWORDS = new Set(["parley", "secret"]);

type Environment = Readonly<{ NODE_ENV?: string }>;

/** The value may hold a password, so the text has none of it. */
function refuse(variable: string, example: string): never {
  throw new ConfigError(`configuration: ${variable} is no address: write ${example}`);
}

function refuseExample({ NODE_ENV }: Environment, variable: string, password: string | undefined): void {
  if (NODE_ENV !== "production" || !EXAMPLE_PASSWORDS.has(password ?? "")) return;
  const text = `${variable} has the password of an example, which is refused when NODE_ENV=production: set one of your own`;
  throw new ConfigError(`configuration: ${text}`);
}

const hasHost = (url: string): boolean => URL.canParse(url) && new URL(url).hostname !== "";

/** The servers of NATS_URL, comma separated. @throws {ConfigError} if one is no address, or of an example in production. */
export function readNatsServers(config: Environment & { NATS_PASSWORD?: string }, value: string): string {
  refuseExample(config, "NATS_PASSWORD", config.NATS_PASSWORD);
  const servers = value.split(",").map((server) => server.trim());
  for (const server of servers) {
    const url = server.includes("://") ? server : `nats://${server}`;
    if (!hasHost(url)) refuse("NATS_URL", "nats://host:4222, or several separated by commas");
    refuseExample(config, "NATS_URL", new URL(url).password);
  }
  return servers.join(",");
}

/** The monitoring addresses of NATS_MONITOR_URL, one for each server. @throws {ConfigError} if one is no address. */
export function readMonitorUrls(value: string | undefined): string[] {
  const urls = value?.split(",").map((url) => url.trim()) ?? [];
  for (const url of urls)
    if (!/^https?:/.test(url) || !hasHost(url))
      refuse("NATS_MONITOR_URL", "http://host:8222, or several separated by commas");
  return urls;
}

/** DATABASE_URL as it is. @throws {ConfigError} if it is no address, or has the password of an example in production. */
export function readDatabaseUrl(config: Environment, value: string): string {
  for (const url of urlsOfHosts(value)) {
    if (!URL.canParse(url)) refuse("DATABASE_URL", "postgres://user:password@host:5432/database");
    refuseExample(config, "DATABASE_URL", new URL(url).password);
  }
  return value;
}
