import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { type Database, type DatabaseOptions, openDatabase } from "@parley/runtime/postgres";
import { BusyError, isAway } from "@parley/runtime/postgres-errors";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

let made: TestDatabase;
const opened: Database[] = [];
beforeAll(async () => {
  made = await createTestDatabase("empty");
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});
afterAll(() => made.drop());

function open(changes: Partial<DatabaseOptions> = {}): Database {
  const database = openDatabase({
    url: made.url,
    name: "test",
    connections: 4,
    deadlineMs: 10_000,
    ...changes,
  });
  opened.push(database);
  return database;
}

const backend = async (database: Database) =>
  (await database.query<{ pid: number }>("select pg_backend_pid() as pid"))[0]?.pid;

test("B: a late statement costs its own connection: the others and their statements go on", async () => {
  const database = open();
  const late = database.query("select pg_sleep(30)", [], 300).catch((error: unknown) => error);
  const others = Array.from({ length: 3 }, () => database.query("select pg_sleep(1.5) as slept"));
  const error = await late;
  expect(error).toMatchObject({ code: "DEADLINE" });
  expect(isAway(error)).toBe(true);
  expect(await backend(database)).toBeGreaterThan(0);
  expect((await Promise.all(others)).flat()).toHaveLength(3);
});

test("statements that go on at the server after their deadline keep their places: backends do not pile up", async () => {
  const database = open({ connections: 2, name: "piling" });
  const late = () => database.query("select pg_sleep(3)", [], 200).catch((error: Error) => error);
  for (let i = 0; i < 6; i += 1) await Promise.all([late(), late()]);
  const counted = "select count(*) as count from pg_stat_activity where application_name = 'piling'";
  expect((await open().query<{ count: number }>(counted))[0]?.count).toBeLessThanOrEqual(3);
  // They are free again once their statements have ended.
  await expect.poll(() => backend(database).catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(0);
});

test("statements do not share a connection: a slow one delays nobody while another connection is free", async () => {
  const database = open({ connections: 2 });
  const slow = database.query("select pg_sleep(2)");
  await backend(database);
  const began = performance.now();
  for (let i = 0; i < 20; i += 1) await backend(database);
  expect(performance.now() - began).toBeLessThan(1_500);
  await slow;
});

test("B: the queue for connections is limited; what does not fit is refused at once and was not sent", async () => {
  const database = open({ connections: 1 });
  const asked = Array.from({ length: 50 }, () =>
    database.query("select pg_sleep(0.01)").catch((error: unknown) => error),
  );
  const refused = (await Promise.all(asked)).filter((answer) => answer instanceof BusyError);
  expect(refused).toHaveLength(50 - 1 - 32);
  expect(refused[0]).toMatchObject({ code: "BUSY", retryAfterMs: 1_000 });
});

test("B: time in the queue is not time of the statement", async () => {
  const database = open({ connections: 1, deadlineMs: 3_000 });
  const slow = Array.from({ length: 4 }, () => database.query("select pg_sleep(0.7)"));
  await expect(Promise.all(slow)).resolves.toHaveLength(4);
  const holding = database.query("select pg_sleep(2)");
  await expect(database.query("select 1", [], 200)).rejects.toBeInstanceOf(BusyError);
  await holding;
});

test("a broken statement is an error of its own and its connection is used again", async () => {
  const database = open({ connections: 1 });
  const before = await backend(database);
  await expect(database.query("select nothing")).rejects.toMatchObject({ code: "42703" });
  expect(await backend(database)).toBe(before);
});

test("with several hosts the first that answers and takes writes is used; settings reach the connection", async () => {
  const address = new URL(made.url);
  const url = made.url.replace(address.host, `127.0.0.1:1,${address.host}`);
  const database = open({ url, settings: { jit: "off" } });
  expect(await database.query("show jit")).toEqual([{ jit: "off" }]);
});

test("closing refuses what waits for a connection", async () => {
  const database = openDatabase({ url: made.url, name: "test", connections: 1, deadlineMs: 5_000 });
  const running = database.query("select pg_sleep(0.2)").catch((error: unknown) => error);
  const waiting = database.query("select 1").catch((error: unknown) => error);
  await database.close();
  expect(await waiting).toBeInstanceOf(BusyError);
  await running;
});
