import { join } from "node:path";
import { loadDotEnv, ownEnvironment, SettingError, variable } from "@parley/devstack/environment";
import { runMain, say } from "@parley/devstack/terminal";
import { runInForeground } from "./foreground.ts";
import { findInstallation } from "./installation.ts";
import { clientVariables, findPostgresTools } from "./postgres-tools.ts";

// `make psql`: opens the database of the running installation as its owner (SQL="select 1": one statement).
await runMain("make psql", async () => {
  loadDotEnv();
  const { variables } = await findInstallation(ownEnvironment());
  const url = variable(variables, "DATABASE_URL");
  if (url === undefined) throw new SettingError("DATABASE_URL", "DATABASE_URL is not set");
  const folder = await findPostgresTools(ownEnvironment(), say);
  const args = process.argv.slice(2).flatMap((sql) => ["--command", sql]);
  return runInForeground(join(folder, "psql"), args, { ...ownEnvironment(), ...clientVariables(url) });
});
