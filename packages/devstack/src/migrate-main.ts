import { loadDotEnv, SettingError, variable } from "./environment.ts";
import { migrate } from "./migrate.ts";
import { runMain, say } from "./terminal.ts";

// `node migrate-main.ts`: applies the migrations to DATABASE_URL; for `make migrate`, compose and Kubernetes.
await runMain("migrate", async () => {
  loadDotEnv();
  const databaseUrl = variable(process.env, "DATABASE_URL");
  if (databaseUrl === undefined) {
    const text = "DATABASE_URL is not set; `make start` migrates its own database by itself";
    throw new SettingError("DATABASE_URL", text);
  }
  await migrate({ databaseUrl, deadlineMs: 60_000, onProgress: say });
  return 0;
});
