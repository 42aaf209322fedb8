import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { withConnection } from "./database.ts";
import type { DatabasePasswords, DatabaseUser } from "./logins.ts";

/** The group (migrations/0030_roles.sql) with the rights of each user. */
const GROUP: Readonly<Record<DatabaseUser, string>> = {
  auth: "parley_auth",
  "ws-consumer": "parley_consumer",
};
const ITERATIONS = 4_096;

/**
 * Makes a login for each service in a migrated database, with the rights of its group only, and sets its password.
 * Only a verifier is sent (RFC 5803), so that no log of the server can hold a password.
 *
 * @throws the server's error, if the roles of the migrations are missing.
 */
export async function keepDatabaseLogins(url: string, passwords: DatabasePasswords): Promise<void> {
  await withConnection(url, async (sql) => {
    for (const [user, group] of Object.entries(GROUP) as [DatabaseUser, string][]) {
      const [found] = await sql`select 1 from pg_roles where rolname = ${user}`;
      if (found === undefined) await sql`create role ${sql(user)}`;
      // The statement takes no parameters; a verifier has no quotes.
      await sql.unsafe(`alter role "${user}" login password '${verifierOf(passwords[user])}'`);
      await sql`grant ${sql(group)} to ${sql(user)}`;
    }
  });
}

/** The SCRAM-SHA-256 verifier of a password of printable ASCII, as Postgres stores it. */
function verifierOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
