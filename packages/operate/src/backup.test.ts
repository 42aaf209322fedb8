import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { withConnection } from "@parley/devstack/database";
import { REPOSITORY, SettingError } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { createTestDatabase } from "@parley/devstack/test-database";
import { expect, onTestFinished, test } from "vitest";
import { backUp } from "./backup.ts";
import { type RestoreOptions, restore } from "./restore.ts";

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
  const lines: string[] = [];
  const [, , host = ""] = url.split(/\/\/|@/);
  const several = { ...env, DATABASE_URL: url.replace("@", "@127.0.0.1:1,") };
  const unsure = { ...SURE, isSure: async () => false };
  await expect(restore(several, file, unsure, (line) => lines.push(line))).rejects.toThrow(
    "nothing was changed",
  );
  // The first server does not answer, so that the other one is named and used.
  expect(lines.at(-1)).toContain(`of DATABASE_URL, postgres://parley@${host};`);
  await withConnection(url, async (sql) => {
    const connect = async () => (await sql`select 1`).length === 1;
    const late = { ...SURE, isSure: connect };
    await expect(restore(env, file, late, ignore)).rejects.toThrow("stop all services first");
    await expect(restore(env, file, SURE, ignore)).rejects.toThrow("stop all services first");
    const owner = new URL(url);
    [owner.username, owner.password] = [`owner_of_${owner.pathname.slice(1)}`, "p"];
    // Who is no superuser does not see what kind of client another user's is.
    await sql`create role ${sql(owner.username)} login password 'p'`;
    const asOwner = restore({ ...env, DATABASE_URL: owner.href }, file, SURE, ignore);
    await expect(asOwner).rejects.toThrow("stop all services first");
    await sql`drop role ${sql(owner.username)}`;
  });
  const whole = await readFile(file);
  const text = gunzipSync(whole).toString();
  // Without its constraints, but whole statements.
  const half = gzipSync(text.slice(0, text.indexOf("ADD CONSTRAINT")).replace(/;[^;]*$/, ";\n"));
  const folder = await makeTempDir("copies");
  for (const [bytes, why] of [
    [half, "does not end as a dump of pg_dump does"],
    [whole.subarray(0, -500), "is cut off"],
    [Buffer.from("no gzip"), "is damaged"],
  ] as const) {
    await writeFile(join(folder, "damaged"), bytes);
    await expect(restore(env, join(folder, "damaged"), SURE, ignore)).rejects.toThrow(why);
  }
  await expect(restore(env, folder, SURE, ignore)).rejects.toThrow("is a folder");
  await expect(restore(env, join(folder, "none"), SURE, ignore)).rejects.toThrow("is not there");
  const packedAgain = join(folder, "again");
  await writeFile(packedAgain, gzipSync(text));
  await expect(restore(env, packedAgain, unsure, ignore)).rejects.toThrow("nothing was changed");
  await writeFile(`${packedAgain}.sha256`, `${"0".repeat(64)}  again\n`);
  await expect(restore(env, packedAgain, SURE, ignore)).rejects.toThrow("it is damaged");
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

test("a restore starts no Postgres of its own for containers that do not run", async () => {
  const folder = await makeTempDir("none");
  const env = { ...process.env, DATA_DIR: folder, DATABASE_URL: "", POSTGRES_PORT: "1" };
  const file = join(await makeTempDir("copies"), "any.sql.gz");
  await writeFile(file, gzipSync("\n-- PostgreSQL database dump complete\n--\n"));
  const secrets = { ...env, POSTGRES_PASSWORD: "p1", NATS_OPERATOR_PASSWORD: "p2" };
  await expect(restore(secrets, file, SURE, ignore)).rejects.toThrow("docker compose up --detach postgres");
  expect(await readdir(folder)).toEqual([]);
});

test("a back-up that is interrupted leaves no file", async () => {
  const { url, env } = await copied();
  const folder = await makeTempDir("copies");
  await withConnection(url, (sql) =>
    sql.begin(async (locked) => {
      await locked`lock table auth.users`;
      const child = execFile(process.execPath, [join(import.meta.dirname, "backup.ts"), `${folder}/`], {
        env,
      });
      const ended = once(child, "close");
      for await (const text of child.stdout ?? [])
        if (String(text).includes("writing")) child.kill("SIGTERM");
      expect((await ended)[0]).toBe(1);
    }),
  );
  expect(await readdir(folder)).toEqual([]);
});

test("a back-up refuses a file that is there or cannot be made, and leaves what it has not made", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const env = { ...process.env, DATA_DIR: await makeTempDir("none"), DATABASE_URL: url };
  const folder = await makeTempDir("copies");
  for (const name of ["a.part", "b.sha256", "c"]) await writeFile(join(folder, name), name);
  for (const name of ["a", "b", "c", "none/d"])
    await expect(backUp(env, join(folder, name), ignore)).rejects.toThrow(SettingError);
  expect(await readdir(folder)).toEqual(["a.part", "b.sha256", "c"]);
  expect(await readFile(join(folder, "a.part"), "utf8")).toBe("a.part");
});

test("make takes a flag for set only if it is 1", async () => {
  const made = (value: string) =>
    runCommand("make", ["-n", "restore", "FROM=x", `YES=${value}`], { cwd: REPOSITORY });
  expect((await made("1")).stdout).toContain(" --yes");
  expect((await made("0")).stdout).not.toContain("--yes");
  expect(await made("no")).toMatchObject({ code: 2, stderr: expect.stringContaining("YES is 1 or 0") });
});
