import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "./environment.ts";
import type { ServiceName } from "./stack-services.ts";

/** Services that log in to NATS, and to Postgres. */
const NATS_USERS = ["operator", "auth", "ws-producer", "ws-consumer"] as const;
const DATABASE_USERS = ["auth", "ws-consumer"] as const;

export type NatsUser = (typeof NATS_USERS)[number];
export type NatsPasswords = Readonly<Record<NatsUser, string>>;
export type DatabaseUser = (typeof DATABASE_USERS)[number];
export type DatabasePasswords = Readonly<Record<DatabaseUser, string>>;

/** A password for each user of the stack's own NATS and Postgres. */
export type Logins = Readonly<{ nats: NatsPasswords; database: DatabasePasswords }>;

/** Passwords that nobody has used before. */
export function makeLogins(): Logins {
  return { nats: passwordsOf(NATS_USERS), database: passwordsOf(DATABASE_USERS) };
}

/** Reads the passwords of a data folder, or makes them and keeps them there for the owner's eyes only. */
export async function keepLogins(dataDir: string): Promise<Logins> {
  const file = join(dataDir, "logins.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as Logins;
  const logins = makeLogins();
  await writeFile(file, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600 });
  return logins;
}

/** The variables by which the nats-server reads the passwords of deploy/nats/users.conf. */
export function natsPasswordEnv(passwords: NatsPasswords): Environment {
  return {
    NATS_OPERATOR_PASSWORD: passwords.operator,
    NATS_AUTH_PASSWORD: passwords.auth,
    NATS_PRODUCER_PASSWORD: passwords["ws-producer"],
    NATS_CONSUMER_PASSWORD: passwords["ws-consumer"],
  };
}

/** What a service is given to log in to the stack's own NATS; nothing for one that has no business there. */
export function natsLoginOf(service: ServiceName, passwords: NatsPasswords | undefined): Environment {
  if (passwords === undefined || service === "web") return {};
  return { NATS_USER: service, NATS_PASSWORD: passwords[service] };
}

/** The database as a service sees it: under its own name where there is one, else as everybody does. */
export function databaseLoginOf(
  service: ServiceName,
  url: string,
  passwords: DatabasePasswords | undefined,
): Environment {
  if (service !== "auth" && service !== "ws-consumer") return {};
  if (passwords === undefined) return { DATABASE_URL: url };
  const own = new URL(url);
  own.username = service;
  own.password = passwords[service];
  return { DATABASE_URL: own.href };
}

/** They begin with a letter, because nats-server takes a value like 12e3 for a number. */
function passwordsOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const entries = names.map((name) => [name, `p${randomBytes(18).toString("hex")}`]);
  return Object.fromEntries(entries) as Record<Name, string>;
}
