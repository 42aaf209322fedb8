import { parseArgs } from "node:util";
import { TOKEN_ALGORITHMS } from "@parley/identity/access-token";
import { readConfig } from "@parley/runtime/config";
import { databaseUrl, PostgresVariables } from "@parley/runtime/variables";
import { Type } from "typebox";
import { openAuthDatabase } from "./database.ts";
import { rotateKeys } from "./key-rotation.ts";

// Without an argument: publishes a new key now, which signs in a minute; the old key stays published until its tokens
// have expired. With `--now`, after a key has leaked: the new key signs at once and all others are deleted. That makes
// all access tokens invalid; refresh tokens stay valid. `--algorithm=RS256` or `EdDSA`: the new key is of that kind.
const { values } = parseArgs({ options: { now: { type: "boolean" }, algorithm: { type: "string" } } });
const config = readConfig(Type.Object(PostgresVariables), process.env);
const database = openAuthDatabase(databaseUrl(config));
try {
  const algorithm = TOKEN_ALGORITHMS.find((name) => name === values.algorithm);
  if (values.algorithm !== undefined && !algorithm)
    throw new Error(`ALGORITHM must be one of ${TOKEN_ALGORITHMS.join(", ")}`);
  const outcome = await rotateKeys(database, { now: values.now === true, algorithm });
  process.stdout.write(
    outcome
      ? `rotate-keys: key ${outcome.kid} (${outcome.algorithm}) is published and signs from ${outcome.signsFrom.toISOString()}\n`
      : "rotate-keys: no key was added: the newest key does not sign yet, or another rotation was first\n",
  );
  process.exitCode = outcome ? 0 : 1;
} catch (error) {
  process.stderr.write(`rotate-keys: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
}
