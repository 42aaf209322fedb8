import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "./environment.ts";
import type { ServiceName } from "./stack-services.ts";

/** Users of NATS and of Postgres. */
const NATS_USERS = ["operator", "auth", "ws-producer", "ws-consumer"] as const;
const DATABASE_USERS = ["auth", "ws-consumer"] as const;

export type NatsUser = (typeof NATS_USERS)[number];
export type NatsPasswords = Readonly<Record<NatsUser, string>>;
export type DatabaseUser = (typeof DATABASE_USERS)[number];
export type DatabasePasswords = Readonly<Record<DatabaseUser, string>>;

/** A password for each user of the stack's own NATS and Postgres. */
export type Logins = Readonly<{ nats: NatsPasswords; database: DatabasePasswords }>;

/** New random passwords. */
export function makeLogins(): Logins {
  return { nats: passwordsOf(NATS_USERS), database: passwordsOf(DATABASE_USERS) };
}

/** Reads the passwords of a data folder, or makes them and writes them to a file that only its owner can read. */
export async function keepLogins(dataDir: string): Promise<Logins> {
  const file = join(dataDir, "logins.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as Logins;
  const logins = makeLogins();
  await writeFile(file, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600 });
  return logins;
}

/** The variables from which the nats-server reads the passwords of deploy/nats/users.conf. */
export function natsPasswordEnv(passwords: NatsPasswords): Environment {
  return {
    NATS_OPERATOR_PASSWORD: passwords.operator,
    NATS_AUTH_PASSWORD: passwords.auth,
    NATS_PRODUCER_PASSWORD: passwords["ws-producer"],
    NATS_CONSUMER_PASSWORD: passwords["ws-consumer"],
  };
}

/** A service's variables for its login to the stack's own NATS. */
export function natsLoginOf(service: ServiceName, passwords: NatsPasswords | undefined): Environment {
  if (passwords === undefined) return {};
  return { NATS_USER: service, NATS_PASSWORD: passwords[service] };
}

/** A service's variable for the database: with its own login if there are passwords, else with `url`. */
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

/** They begin with a letter, because nats-server reads a value like 12e3 as a number. */
function passwordsOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const entries = names.map((name) => [name, `p${randomBytes(18).toString("hex")}`]);
  return Object.fromEntries(entries) as Record<Name, string>;
}
