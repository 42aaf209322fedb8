import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { backUp } from "./backup.ts";
import { withConnection } from "./database.ts";
import { type RestoreOptions, restore } from "./restore.ts";
import { makeTempDir } from "./temp-dir.ts";
import { createTestDatabase } from "./test-database.ts";

const SURE: RestoreOptions = { keepServiceTokens: false, isSure: async () => true };
const ignore = () => undefined;

/** A database with a user, who has two sessions, one of a service token, and a back-up of it. */
async function copied() {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const env = { ...process.env, DATA_DIR: await makeTempDir("none"), DATABASE_URL: url };
  await withConnection(url, async (sql) => {
    await sql`insert into auth.users (id, username, display_name, password_hash)
      values ('0199aaaa-0000-7000-8000-000000000001', 'ann', 'Ann', 'x')`;
    await sql`insert into auth.sessions (user_id, expires_at, token_hash)
      select id, 'infinity', hash from auth.users cross join (values (null), ('\\x01'::bytea)) as h (hash)`;
    await sql`insert into auth.signing_keys (generation, kid, private_jwk) values (1, 'k', '{}')`;
    await sql`insert into chat.shards (shard, cursor, holder, lease_until) values (0, 7, 'one', 'infinity')`;
  });
  const file = await backUp(env, `${await makeTempDir("copies")}/`, ignore);
  return { url, env, file };
}

const read = (url: string) =>
  withConnection(url, async (sql) => ({
    users: (await sql`select username from auth.users`).map(({ username }) => username as string),
    open: (await sql`select token_hash from auth.sessions where revoked_at is null`).length,
    keys: (await sql`select from auth.signing_keys`).length,
    shards: [...(await sql`select cursor::int, holder, lease_until < now() as "isFree" from chat.shards`)],
  }));

test("a back-up has no key, and a restore ends every session and frees the shards", async () => {
  const { url, env, file } = await copied();
  expect(file).toMatch(/\/parley-\d{8}T\d{6}Z\.sql\.gz$/);
  await withConnection(
    url,
    (sql) => sql`insert into auth.users (username, display_name, password_hash) values ('bob', 'B', '')`,
  );
  await restore(env, file, SURE, ignore);
  const shards = [{ cursor: 7, holder: null, isFree: true }];
  expect(await read(url)).toEqual({ users: ["ann"], open: 0, keys: 0, shards });
  await restore(env, file, { ...SURE, keepServiceTokens: true }, ignore);
  expect(await read(url)).toMatchObject({ users: ["ann"], open: 1 });
});

test("a restore changes nothing with a damaged file, beside a client, or if nobody is sure", async () => {
  const { url, env, file } = await copied();
  await withConnection(url, (sql) => sql`update auth.users set username = 'now'`);
  const before = await read(url);
  await expect(restore(env, file, { ...SURE, isSure: async () => false }, ignore)).rejects.toThrow(
    "nothing was changed",
  );
  await withConnection(url, async (sql) => {
    await sql`select 1`;
    await expect(restore(env, file, SURE, ignore)).rejects.toThrow("stop all services first");
  });
  const whole = await readFile(file);
  const damaged = join(await makeTempDir("copies"), "cut.sql.gz");
  await writeFile(damaged, whole.subarray(0, whole.length - 500));
  await expect(restore(env, damaged, SURE, ignore)).rejects.toThrow("nothing was changed");
  await writeFile(`${damaged}.sha256`, await readFile(`${file}.sha256`));
  await expect(restore(env, damaged, SURE, ignore)).rejects.toThrow("it is damaged");
  expect(await read(url)).toEqual(before);
});

test("a back-up that fails leaves no file, and its error no password", async () => {
  const env = { ...process.env, DATA_DIR: await makeTempDir("none") };
  const folder = await makeTempDir("copies");
  const failing = backUp(
    { ...env, DATABASE_URL: "postgres://me:secret@127.0.0.1:1/x" },
    join(folder, "a"),
    ignore,
  );
  await expect(failing).rejects.toThrow(/^pg_dump failed: (?!.*secret)/s);
  await expect(readFile(join(folder, "a.part"))).rejects.toThrow("ENOENT");
});
