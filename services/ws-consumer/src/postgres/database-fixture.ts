import { createTestDatabase } from "@parley/devstack/test-database";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { afterAll } from "vitest";

/** A database of its own for the tests of a file, which is gone when they have run. Await it as the file is loaded. */
export async function openTestDatabase(connections: number): Promise<Database> {
  const made = await createTestDatabase();
  const database = openDatabase({ url: made.url, name: "test", connections, deadlineMs: 5_000 });
  afterAll(async () => {
    await database.close();
    await made.drop();
  });
  return database;
}
