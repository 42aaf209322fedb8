import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { migrate } from "@parley/devstack/migrate";
import { type PostgresServer, startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

const PASSWORD = "correct horse battery";
const UNAVAILABLE = { status: status.UNAVAILABLE, code: "unavailable" };
let dir: string;
let postgres: PostgresServer;
let auth: AuthFixture;
let token: string;

/** A TCP proxy to Postgres that can hang: connections stay open but transfer nothing. */
function startProxy(port: number) {
  const pairs: [Socket, Socket][] = [];
  let hangs = false;
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    pairs.push([from, to]);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      if (!hangs) one.pipe(other);
    }
  }).listen(0, "127.0.0.1");
  return {
    listening: once(server, "listening").then(() => (server.address() as { port: number }).port),
    hang() {
      hangs = true;
      for (const [from, to] of pairs) {
        from.unpipe(to).pause();
        to.unpipe(from).pause();
      }
    },
    heal() {
      hangs = false;
    },
    close() {
      for (const [from] of pairs) from.destroy();
      server.close();
    },
  };
}

beforeAll(async () => {
  dir = await makeTempDir("auth-outage");
  postgres = await startPostgres({ dataDir: join(dir, "postgres"), settings: { fsync: "off" } });
  await migrate({ databaseUrl: postgres.url });
  auth = await startAuthFixture({}, { url: postgres.url, drop: async () => undefined });
  await auth.calls.enroll("alice", PASSWORD);
  token = (await auth.calls.enter("alice", PASSWORD)).token;
});
afterAll(async () => {
  await auth?.close();
  await postgres?.stop();
  await removeDataDir(dir);
});

const elapsed = async (work: Promise<unknown>) => {
  const from = performance.now();
  await work;
  return performance.now() - from;
};
const verifies = (from: AuthFixture) =>
  from.calls.verifyToken({ token }).then(
    () => true,
    () => false,
  );

it("refuses with `unavailable` at once while Postgres is down, and recovers by itself", async () => {
  await postgres.kill();
  const refused = refusalOf(auth.calls.verifyToken({ token }));
  expect(await elapsed(refused)).toBeLessThan(3_000);
  expect(await refused).toMatchObject(UNAVAILABLE);
  expect(await refusalOf(auth.calls.enter("alice", PASSWORD))).toMatchObject(UNAVAILABLE);
  const overHttp = await fetch(`${auth.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect([overHttp.status, overHttp.headers.get("retry-after")]).toEqual([503, "1"]);
  const ready = await fetch(`${auth.operatorsUrl}/health/detail`);
  expect([ready.status, ((await ready.json()) as { checks: object }).checks]).toEqual([
    503,
    { passwords: "ok", postgres: expect.not.stringMatching(/^ok$/) },
  ]);
  await postgres.restart();
  await expect.poll(() => verifies(auth), { timeout: 10_000, interval: 100 }).toBe(true);
});

it("refuses with `unavailable` while connections hang, and recovers by itself", async () => {
  const proxy = startProxy(postgres.port);
  const url = postgres.url.replace(`:${postgres.port}/`, `:${await proxy.listening}/`);
  const far = await startAuthFixture({}, { url, drop: async () => proxy.close() });
  await far.calls.verifyToken({ token });
  proxy.hang();
  const refused = refusalOf(far.calls.verifyToken({ token }));
  expect(await elapsed(refused)).toBeLessThan(7_000);
  expect(await refused).toMatchObject(UNAVAILABLE);
  proxy.heal();
  await expect.poll(() => verifies(far), { timeout: 15_000, interval: 100 }).toBe(true);
  await far.close();
});
