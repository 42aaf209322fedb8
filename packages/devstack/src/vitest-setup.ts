import type { TestProject } from "vitest/node";
import { createDatabase } from "./database.ts";
import { ownEnvironment } from "./environment.ts";
import { findProgram } from "./find-program.ts";
import { migrate } from "./migrate.ts";
import { startPostgres } from "./postgres-server.ts";
import { makeTempDir } from "./temp-dir.ts";

/** The database that every test's own database is a copy of; all migrations are applied to it. */
const TEMPLATE = "parley_template";

/**
 * Vitest's global setup: one Postgres for the run, with a migrated template; and a nats-server found (or fetched)
 * once, before several test files ask for it at the same time.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  await findProgram("nats-server", { env: ownEnvironment(), onProgress: say });
  const dataDir = await makeTempDir("vitest");
  // Tests of durability kill processes, not the machine, and written data survives the death of a process.
  const postgres = await startPostgres({ dataDir, settings: { fsync: "off", max_connections: "300" } });
  try {
    await migrate({ databaseUrl: await createDatabase(postgres.url, TEMPLATE) });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide("postgresUrl", postgres.url);
  return () => postgres.stop();
}
