import { readConfig } from "@parley/runtime/config";
import { databaseUrl, PostgresVariables } from "@parley/runtime/variables";
import { Type } from "typebox";
import { openAuthDatabase } from "./database.ts";
import { setRole } from "./roles.ts";

// `admin-main.ts alice` makes alice an admin; with `--remove` she is none any more. Either takes effect at once.
const config = readConfig(Type.Object(PostgresVariables), process.env);
const [name, option] = process.argv.slice(2);
const role = option === "--remove" ? "user" : "admin";
const database = openAuthDatabase(databaseUrl(config));
try {
  if (name === undefined) throw new Error("whom? make admin NAME=alice");
  const outcome = await setRole(database, name, role);
  if (!outcome) throw new Error(`no account is called ${name} and has a password`);
  const what = role === "admin" ? "an admin" : "no admin";
  process.stdout.write(
    `admin: ${name} is ${what}${outcome.isChanged ? " now" : " already"} (${outcome.id})\n`,
  );
} catch (error) {
  process.stderr.write(`admin: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
}
