import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { createDatabase, dropDatabase } from "./database.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

const TEMPLATE = "parley_template";

/** A database of one test file's own. */
export type TestDatabase = Readonly<{ url: string; drop: () => Promise<void> }>;

/**
 * Makes a database on the run's Postgres: a copy of the migrated template, or an empty one. For test files under
 * the root's vitest configuration only.
 */
export async function createTestDatabase(kind: "migrated" | "empty" = "migrated"): Promise<TestDatabase> {
  const server = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = await createDatabase(server, name, kind === "migrated" ? TEMPLATE : "template0");
  return { url, drop: () => dropDatabase(server, name) };
}
