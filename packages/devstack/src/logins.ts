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

/** A password for each user of the stack's own NATS and Postgres, and what its services share. */
export type Logins = Readonly<{
  nats: NatsPasswords;
  database: DatabasePasswords;
  /** The credential of the services at auth's gRPC (AUTH_GRPC_TOKEN). */
  authGrpc: string;
}>;

/** New random passwords. */
export function makeLogins(): Logins {
  return { nats: passwordsOf(NATS_USERS), database: passwordsOf(DATABASE_USERS), authGrpc: password() };
}

/** The passwords of a data folder; what is missing is made. */
export function keepLogins(dataDir: string): Promise<Logins> {
  return keepSecrets<Logins>(join(dataDir, "logins.json"), (kept) => ({ ...makeLogins(), ...kept }));
}

/** Completes the secrets of a file with `complete`, and writes what is new to it; only its owner can read it. */
export async function keepSecrets<Secrets>(
  file: string,
  complete: (kept: Secrets | undefined) => Secrets,
): Promise<Secrets> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const secrets = complete(text === undefined ? undefined : (JSON.parse(text) as Secrets));
  const whole = `${JSON.stringify(secrets, undefined, 2)}\n`;
  if (whole !== text) await writeFile(file, whole, { mode: 0o600 });
  return secrets;
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
  if (passwords === undefined || service === "web") return {};
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

/**
 * The variable of the services' credential at auth's gRPC. In development there is none, so that people can call it.
 */
export function grpcCredentialOf(env: Environment, { authGrpc }: Logins): Environment {
  const isNeeded = env.NODE_ENV === "production" && !env.AUTH_GRPC_TOKEN;
  return isNeeded ? { AUTH_GRPC_TOKEN: authGrpc } : {};
}

/** It begins with a letter, because nats-server reads a value like 12e3 as a number. */
const password = (): string => `p${randomBytes(18).toString("hex")}`;

function passwordsOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const entries = names.map((name) => [name, password()]);
  return Object.fromEntries(entries) as Record<Name, string>;
}
