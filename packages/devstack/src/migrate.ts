import { join } from "node:path";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { waitForDatabase, withoutPassword } from "./database.ts";
import { DevstackError, type Progress, REPOSITORY, reasonOf } from "./environment.ts";

export type MigrateOptions = Readonly<{
  databaseUrl: string;
  /** Holds `NNNN_name.sql`; default: `migrations/` of the repository. */
  folder?: string | undefined;
  /** How long to wait for the database, ms; default 30 s. */
  deadlineMs?: number | undefined;
  onProgress?: Progress | undefined;
}>;

/**
 * Waits for the database and applies the migrations that it has not had yet, in their order, each exactly once, all in
 * one transaction. Any number of processes may do this at the same time: one works, the others wait for it.
 * Gives the names of those that this call applied.
 *
 * @throws {DevstackError} DATABASE_UNREACHABLE, or MIGRATION_FAILED with the server's words; nothing has been
 * changed then.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { databaseUrl, onProgress = () => undefined } = options;
  await waitForDatabase(databaseUrl, {
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
    onWaiting: (reason) => onProgress(`migrate: waiting for ${withoutPassword(databaseUrl)} (${reason})`),
  });
  const errors: string[] = [];
  const client = new pg.Client({ connectionString: databaseUrl });
  // A connection that is lost fails the query under way; without a listener it would end the process as well.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const applied = await runner({
      dbClient: client,
      dir: options.folder ?? join(REPOSITORY, "migrations"),
      // Editors' backup files and notes lie beside the migrations at times.
      ignorePattern: "(?!\\d{4}_[a-z0-9_-]+\\.sql$).*",
      direction: "up",
      migrationsTable: "schema_migrations",
      singleTransaction: true,
      advisoryLockMode: "wait",
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: (text) => errors.push(String(text)),
      },
    });
    return applied.map((migration) => migration.name);
  } catch (error) {
    const said = errors.join("\n").trim();
    const text = `a migration failed, nothing was changed: ${reasonOf(error)}${said === "" ? "" : `\n${said}`}`;
    throw new DevstackError("MIGRATION_FAILED", text, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
