import { spawnSync } from "node:child_process";
import { loadDotEnv } from "./dot-env.ts";
import { databaseLoginOf, keepLogins, natsLoginOf } from "./logins.ts";
import type { ServiceName } from "./stack-services.ts";
import { stackOptionsFrom } from "./start-options.ts";
import { errorText } from "./terminal.ts";

/**
 * Runs a script with what a service of the stack on DATA_DIR is given to reach NATS and Postgres; variables that are
 * set already win: `node as-service.ts ws-consumer services/ws-consumer/src/dead-letters-main.ts list`.
 */
async function main([service, script, ...rest]: string[]): Promise<number> {
  if (service === undefined || script === undefined) throw new Error("needs a service and a script");
  loadDotEnv();
  const { dataDir, ports = {}, natsUrl, databaseUrl } = stackOptionsFrom(process.env);
  const logins = await keepLogins(dataDir);
  const name = service as ServiceName;
  const own = `postgres://127.0.0.1:${ports.POSTGRES_PORT}/parley`;
  const { status } = spawnSync(process.execPath, [script, ...rest], {
    stdio: "inherit",
    env: {
      ...(natsUrl === undefined
        ? { NATS_URL: `nats://127.0.0.1:${ports.NATS_PORT}`, ...natsLoginOf(name, logins.nats) }
        : {}),
      ...(databaseUrl === undefined ? databaseLoginOf(name, own, logins.database) : {}),
      ...process.env,
    },
  });
  return status ?? 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = 1;
}
