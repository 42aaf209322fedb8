import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { withConnection } from "./database.ts";
import { migrate } from "./migrate.ts";
import { runCommand } from "./run-command.ts";
import { makeTempDir } from "./temp-dir.ts";
import { createTestDatabase } from "./test-database.ts";

let folder: string;
beforeAll(async () => {
  folder = await makeTempDir("migrations");
  await writeFile(
    join(folder, "0001_first.sql"),
    "create table applied (what text); insert into applied values ('first');",
  );
  await writeFile(join(folder, "0002_second.sql"), "insert into applied select 'second' from pg_sleep(0.2);");
  await writeFile(join(folder, "notes.txt"), "not a migration");
});

async function emptyDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase("empty");
  onTestFinished(drop);
  return url;
}

const query = (url: string, text: string) =>
  withConnection(url, async (sql): Promise<object[]> => [...(await sql.unsafe(text))]);

test("four at once all succeed, each migration is applied once, and a host that is away is left out", async () => {
  const databaseUrl = await emptyDatabase();
  const several = databaseUrl.replace(/@([^/]*)/, "@127.0.0.1:9,$1");
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate({ databaseUrl: several, folder })));
  expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, 2]);
  expect(await query(databaseUrl, "select what from applied")).toEqual([
    { what: "first" },
    { what: "second" },
  ]);
});

test("four processes at once apply the repository's own migrations", async () => {
  const databaseUrl = await emptyDatabase();
  const main = join(import.meta.dirname, "migrate-main.ts");
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const ends = await Promise.all([1, 2, 3, 4].map(() => runCommand(process.execPath, [main], { env })));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const rows = await query(
    databaseUrl,
    "select name, count(*)::int as n from schema_migrations group by name",
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every((row) => (row as { n: number }).n === 1)).toBe(true);
});

test("a broken migration changes nothing and is reported with the server's message", async () => {
  const databaseUrl = await emptyDatabase();
  const broken = await makeTempDir("migrations");
  await writeFile(join(broken, "0001_good.sql"), "create table good (n int);");
  await writeFile(join(broken, "0002_bad.sql"), "create table oops (n no_such_type);");
  await expect(migrate({ databaseUrl, folder: broken })).rejects.toThrow(/no_such_type/);
  expect(await query(databaseUrl, "select to_regclass('good') as found")).toEqual([{ found: null }]);
});

test("an unreachable database is reported with its address and without the password", async () => {
  const start = migrate({ databaseUrl: "postgres://me:secret@127.0.0.1:9/none", folder, deadlineMs: 300 });
  await expect(start).rejects.toThrow(/me@127\.0\.0\.1:9.*ECONNREFUSED/);
  await expect(start).rejects.not.toThrow(/secret/);
});
