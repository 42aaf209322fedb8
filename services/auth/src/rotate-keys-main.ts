import { readConfig } from "@parley/runtime/config";
import { databaseUrl, PostgresVariables } from "@parley/runtime/variables";
import { Type } from "typebox";
import { openAuthDatabase } from "./database.ts";
import { rotateKeys } from "./key-rotation.ts";

// Without an argument a new key is published now and signs in a minute; the old one stays published as long as its
// tokens live. With `--now`, for when a key has leaked: the new one signs at once, all others are removed and
// with them all access tokens; refresh tokens go on.
const config = readConfig(Type.Object(PostgresVariables), process.env);
const database = openAuthDatabase(databaseUrl(config));
try {
  const outcome = await rotateKeys(database, process.argv.includes("--now"));
  process.stdout.write(
    outcome
      ? `rotate-keys: key ${outcome.kid} is published and signs from ${outcome.signsFrom.toISOString()}\n`
      : "rotate-keys: nothing done, because the newest key does not sign yet or another rotation was faster\n",
  );
  process.exitCode = outcome ? 0 : 1;
} catch (error) {
  process.stderr.write(`rotate-keys: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
}
