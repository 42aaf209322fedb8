import { existsSync } from "node:fs";
import { chmod, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { afterEach, expect, test } from "vitest";
import { findPostgres } from "./postgres-home.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { makeTempDir } from "./temp-dir.ts";

const running: PostgresServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(folder: string): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir: folder });
  running.push(server);
  return server;
}

function connect(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => undefined });
}

test("committed rows are there after kill -9 in the middle of a query, and a restart", async () => {
  const server = await start(await makeTempDir("postgres"));
  const sql = connect(server.url);
  await sql`create table t (n int)`;
  await sql`insert into t select generate_series(1, 100)`;
  const interrupted = sql`select pg_sleep(30)`.catch(() => "cut");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.kill();
  expect(await interrupted).toBe("cut");
  await sql.end({ timeout: 0 });
  await server.restart();
  const again = connect(server.url);
  expect(await again`select count(*)::int as n from t`).toEqual([{ n: 100 }]);
  await again.end();
});

test("it is version 18, with UTF-8, a password, and every commit on the disk", async () => {
  const server = await start(await makeTempDir("postgres"));
  const sql = connect(server.url);
  const show = async (name: string) => Object.values((await sql.unsafe(`show ${name}`))[0] ?? {})[0];
  expect(await show("server_version")).toMatch(/^18\./);
  expect(await show("server_encoding")).toBe("UTF8");
  expect(await show("fsync")).toBe("on");
  expect(await show("synchronous_commit")).toBe("on");
  await sql.end();
  const stranger = connect(server.url.replace(/:[^:@]*@/, ":wrong@"));
  await expect(stranger`select 1`).rejects.toMatchObject({ code: "28P01" });
  await stranger.end();
});

test("a server that an earlier launcher left behind is stopped first", async () => {
  const folder = await makeTempDir("postgres");
  const orphan = await startPostgres({ dataDir: folder });
  const server = await start(folder);
  expect(orphan.pid).toBeUndefined();
  expect(server.pid).toBeDefined();
});

test("data and programs below a folder that others cannot pass work too, also for root", async () => {
  const outer = await makeTempDir("closed");
  await chmod(outer, 0o700);
  const folder = join(outer, "data");
  await mkdir(folder);
  const native = dirname((await findPostgres(folder)).binDir);
  await cp(native, join(outer, "native"), { recursive: true, verbatimSymlinks: true });
  const binDir = join(outer, "native/bin");
  const server = await startPostgres({ dataDir: folder, binDir });
  running.push(server);
  const sql = connect(server.url);
  await sql`create table kept (n int)`;
  await sql.end();
  await server.stop();
  const again = await startPostgres({ dataDir: folder, binDir });
  const second = connect(again.url);
  expect(await second`select count(*)::int as n from kept`).toEqual([{ n: 0 }]);
  await second.end();
  await again.stop();
  expect(existsSync(join(folder, "cluster/parley-complete"))).toBe(true);
});
