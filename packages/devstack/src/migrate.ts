import { join } from "node:path";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { waitForDatabase, withoutPassword } from "./database.ts";
import { DevstackError, type Progress, REPOSITORY, reasonOf } from "./environment.ts";

type MigrateOptions = Readonly<{
  databaseUrl: string;
  /** Holds `NNNN_name.sql`; default: `migrations/` of the repository. */
  folder?: string | undefined;
  /** How long to wait for the database, ms; default 30 s. */
  deadlineMs?: number | undefined;
  onProgress?: Progress | undefined;
}>;

/**
 * Waits for the database and applies its pending migrations in their order, all in one transaction. Safe to call from
 * several processes at once: one works, the others wait for it. Returns the names of those that this call applied.
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE, or MIGRATION_FAILED with the server's message; nothing has been
 * changed then.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { databaseUrl, onProgress = () => undefined } = options;
  const onWaiting = (why: string) =>
    onProgress(`migrate: waiting for ${withoutPassword(databaseUrl)} (${why})`);
  const connectionString = await waitForDatabase(databaseUrl, onWaiting, options.deadlineMs);
  const errors: string[] = [];
  const ignore = () => undefined;
  const client = new pg.Client({ connectionString });
  // A lost connection fails the pending query; without a listener it would end the process as well.
  client.on("error", ignore);
  try {
    await client.connect();
    const applied = await runner({
      dbClient: client,
      dir: options.folder ?? join(REPOSITORY, "migrations"),
      // Ignores editors' backup files and notes beside the migrations.
      ignorePattern: "(?!\\d{4}_[a-z0-9_-]+\\.sql$).*",
      direction: "up",
      migrationsTable: "schema_migrations",
      singleTransaction: true,
      advisoryLockMode: "wait",
      logger: { debug: ignore, info: ignore, warn: ignore, error: (text) => errors.push(String(text)) },
    });
    const names = applied.map(({ name }) => name);
    onProgress(names.length === 0 ? "migrate: nothing to do" : `migrate: applied ${names.join(", ")}`);
    return names;
  } catch (error) {
    const text = [`a migration failed, nothing was changed: ${reasonOf(error)}`, ...errors].join("\n").trim();
    throw new DevstackError("MIGRATION_FAILED", text, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
