import { loadDotEnv } from "./dot-env.ts";
import { reasonOf, variable } from "./environment.ts";
import { migrate } from "./migrate.ts";

/** `node migrate-main.ts`: applies the migrations to DATABASE_URL and ends; used by `make migrate` and compose. */
async function main(): Promise<number> {
  loadDotEnv();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const databaseUrl = variable(process.env, "DATABASE_URL");
  if (databaseUrl === undefined) {
    process.stderr.write("migrate: DATABASE_URL is not set\n");
    return 1;
  }
  try {
    const applied = await migrate({ databaseUrl, deadlineMs: 60_000, onProgress: say });
    say(applied.length === 0 ? "migrate: nothing to do" : `migrate: applied ${applied.join(", ")}`);
    return 0;
  } catch (error) {
    process.stderr.write(`migrate: ${reasonOf(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
