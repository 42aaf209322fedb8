import { loadDotEnv } from "./dot-env.ts";
import { reasonOf, variable } from "./environment.ts";
import { migrate } from "./migrate.ts";
import { say } from "./terminal.ts";

// `node migrate-main.ts`: applies the migrations to DATABASE_URL; for `make migrate`, compose and Kubernetes.
loadDotEnv();
const databaseUrl = variable(process.env, "DATABASE_URL");
try {
  if (databaseUrl === undefined) throw new Error("DATABASE_URL is not set");
  const applied = await migrate({ databaseUrl, deadlineMs: 60_000, onProgress: say });
  say(applied.length === 0 ? "migrate: nothing to do" : `migrate: applied ${applied.join(", ")}`);
} catch (error) {
  process.stderr.write(`migrate: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
