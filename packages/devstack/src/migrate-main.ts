import { loadDotEnv, SettingError, variable } from "./environment.ts";
import { migrate } from "./migrate.ts";
import { runMain, say } from "./terminal.ts";

/** How long a container waits for a database that starts beside it, seconds. */
const WAIT_S = 60;

// `node migrate-main.ts`: applies the migrations to DATABASE_URL, in compose and Kubernetes; `migrate-main.ts 5`, for `make
// migrate`, waits 5 s for the database.
await runMain("migrate", async () => {
  loadDotEnv();
  const databaseUrl = variable(process.env, "DATABASE_URL");
  if (databaseUrl === undefined) {
    const text = "DATABASE_URL is not set; `make start` migrates its own database by itself";
    throw new SettingError("DATABASE_URL", text);
  }
  await migrate({ databaseUrl, deadlineMs: Number(process.argv[2] ?? WAIT_S) * 1_000, onProgress: say });
  return 0;
});
