import { spawnSync } from "node:child_process";
import { loadDotEnv } from "@parley/devstack/environment";
import { runMain } from "@parley/devstack/terminal";
import { findInstallation } from "./installation.ts";

// Runs a script on any running installation, as the owner of the database and the operator of NATS:
// `node as-operator.ts services/ws-consumer/src/dead-letters-main.ts list`.
await runMain("make", async () => {
  loadDotEnv();
  const [script = "", ...args] = process.argv.slice(2);
  const { variables: env } = await findInstallation(process.env);
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: "inherit", env });
  return status ?? 1;
});
