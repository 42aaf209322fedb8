import { existsSync } from "node:fs";
import { chmod, cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { withConnection } from "./database.ts";
import { findPostgres } from "./postgres-home.ts";
import { startPostgres } from "./postgres-server.ts";
import { makeTempDir } from "./temp-dir.ts";

async function start(dataDir: string, binDir?: string) {
  const server = await startPostgres({ dataDir, binDir });
  onTestFinished(() => server.stop());
  const query = (text: string) => withConnection(server.url, (sql) => sql.unsafe(text));
  return { server, query };
}

test("committed rows are there after kill -9 in the middle of a query, and a restart", async () => {
  const { server, query } = await start(await makeTempDir("postgres"));
  await query("create table t as select generate_series(1, 100) as n");
  const interrupted = query("select pg_sleep(30)").catch(() => "cut");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.kill();
  expect(await interrupted).toBe("cut");
  await server.restart();
  expect(await query("select count(*)::int as n from t")).toEqual([{ n: 100 }]);
});

test("it is version 18, with UTF-8, a password, and every commit on the disk", async () => {
  const { server, query } = await start(await makeTempDir("postgres"));
  const show = async (name: string) => Object.values((await query(`show ${name}`))[0] ?? {})[0];
  expect(await show("server_version")).toMatch(/^18\./);
  expect(await show("server_encoding")).toBe("UTF8");
  expect(await show("fsync")).toBe("on");
  expect(await show("synchronous_commit")).toBe("on");
  const stranger = withConnection(server.url.replace(/:[^:@]*@/, ":wrong@"), (sql) => sql`select 1`);
  await expect(stranger).rejects.toMatchObject({ code: "28P01" });
});

test("a server that an earlier launcher left behind is stopped first", async () => {
  const folder = await makeTempDir("postgres");
  const orphan = await startPostgres({ dataDir: folder });
  const { server } = await start(folder);
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
  const first = await start(folder, binDir);
  await first.query("create table kept (n int)");
  await first.server.stop();
  const again = await start(folder, binDir);
  expect(await again.query("select count(*)::int as n from kept")).toEqual([{ n: 0 }]);
  expect(existsSync(join(folder, "cluster/parley-complete"))).toBe(true);
});
