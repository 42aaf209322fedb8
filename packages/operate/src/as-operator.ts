import { loadDotEnv } from "@parley/devstack/environment";
import { runMain } from "@parley/devstack/terminal";
import { runInForeground } from "./foreground.ts";
import { findInstallation } from "./installation.ts";

// Runs a script on any running installation, as the owner of the database and the operator of NATS:
// `node as-operator.ts services/ws-consumer/src/dead-letters-main.ts list`.
await runMain("make", async () => {
  loadDotEnv();
  const { variables } = await findInstallation(process.env);
  return runInForeground(process.execPath, process.argv.slice(2), variables);
});
