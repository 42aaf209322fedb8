import { loadDotEnv, reasonOf, variable } from "./environment.ts";
import { migrate } from "./migrate.ts";
import { say } from "./terminal.ts";

// `node migrate-main.ts`: applies the migrations to DATABASE_URL; for `make migrate`, compose and Kubernetes.
loadDotEnv();
const databaseUrl = variable(process.env, "DATABASE_URL");
try {
  if (databaseUrl === undefined)
    throw new Error("DATABASE_URL is not set; `make start` migrates its own database by itself");
  await migrate({ databaseUrl, deadlineMs: 60_000, onProgress: say });
} catch (error) {
  process.stderr.write(`migrate: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
