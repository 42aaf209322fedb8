import { spawnSync } from "node:child_process";
import { loadDotEnv } from "./environment.ts";
import { findInstallation } from "./installation.ts";
import { databaseLoginOf, keepLogins, natsLoginOf } from "./logins.ts";
import { stackOptionsFrom } from "./stack-options.ts";
import type { ServiceName } from "./stack-services.ts";
import { runMain } from "./terminal.ts";

// Runs a script with a service's addresses and logins of NATS and Postgres, of the stack on DATA_DIR; variables that
// are set already win: `node as-service.ts ws-consumer services/ws-consumer/src/dead-letters-main.ts list`.
// As `operator`, with those of the owner of the database and the operator of NATS, of any running installation.
await runMain("make", async () => {
  loadDotEnv();
  const [name, script = "", ...rest] = process.argv.slice(2);
  const env =
    name === "operator"
      ? (await findInstallation(process.env)).variables
      : await serviceEnv(name as ServiceName);
  const { status } = spawnSync(process.execPath, [script, ...rest], { stdio: "inherit", env });
  return status ?? 1;
});

async function serviceEnv(service: ServiceName) {
  const { dataDir, ports = {}, natsUrl, databaseUrl } = stackOptionsFrom(process.env);
  const logins = await keepLogins(dataDir);
  return {
    ...(natsUrl === undefined && { NATS_URL: `nats://127.0.0.1:${ports.NATS_PORT}` }),
    ...natsLoginOf(service, natsUrl === undefined ? logins.nats : undefined),
    ...(databaseUrl === undefined &&
      databaseLoginOf(service, `postgres://127.0.0.1:${ports.POSTGRES_PORT}/parley`, logins.database)),
    ...process.env,
  };
}
