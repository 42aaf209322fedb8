import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { withConnection } from "@parley/devstack/database";
import { ownEnvironment } from "@parley/devstack/environment";
import { findProgram } from "@parley/devstack/find-program";
import { startNats, startNatsCluster } from "@parley/devstack/nats-server";
import { findFreePort } from "@parley/devstack/ports";
import { spawnServer } from "@parley/devstack/server-process";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { makeAuthority, makeCertificate } from "@parley/devstack/test-certificates";
import { createTestDatabase } from "@parley/devstack/test-database";
import { missingAt } from "@parley/devstack/unit";
import { expect, onTestFinished, test } from "vitest";
import { checkEdge } from "./check-edge.ts";
import { checkNats } from "./check-nats.ts";
import { checkPostgres } from "./check-postgres.ts";
import { checkServices } from "./check-services.ts";
import { checkSettings } from "./check-settings.ts";
import type { Finding } from "./finding.ts";

const mendsOf = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level === "mend").map(({ text }) => text);

test("of two NATS nodes the one that does not sync every write is named, and one that does not answer", async () => {
  const well = await startNats({ dataDir: await makeTempDir("nats") });
  onTestFinished(() => well.stop());
  const [port, monitor] = [await findFreePort(), await findFreePort()];
  const folder = await makeTempDir("lazy");
  const args = ["--jetstream", "--port", `${port}`, "--http_port", `${monitor}`, "--store_dir", folder];
  const lazy = await spawnServer({
    command: await findProgram("nats-server", { env: ownEnvironment() }),
    args,
    logFile: join(folder, "log"),
  });
  onTestFinished(async () => void (await lazy.end("SIGTERM")));
  const lazyUrl = `http://127.0.0.1:${monitor}`;
  await expect.poll(() => missingAt(`${lazyUrl}/healthz`), { timeout: 5_000 }).toBeUndefined();
  expect(mendsOf(await checkNats([well.monitorUrl]))).toEqual([]);
  const found = mendsOf(await checkNats([well.monitorUrl, lazyUrl, "http://127.0.0.1:1"]));
  expect(found).toEqual([
    expect.stringMatching(`^NATS at 127.0.0.1:${monitor} does not sync every write`),
    expect.stringMatching(/^NATS does not answer at http:\/\/127\.0\.0\.1:1/),
  ]);
});

/** Three servers elect leaders while other tests use the machine, ms. */
const CLUSTER_MS = 20_000;

test("of a cluster only copies that are missing or away are named, once", async () => {
  const nodes = await startNatsCluster({ dataDir: await makeTempDir("cluster"), nodes: 3 });
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))));
  const connection = await connect({ servers: nodes.map(({ url }) => url) });
  onTestFinished(() => connection.close());
  const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: 1_000 });
  // The node that places streams may not have heard of all others yet, and without a leader nobody answers.
  const add = (name: string, num_replicas: number) =>
    expect
      .poll(() => streams.add({ name, num_replicas, max_bytes: 1_000_000 }).catch(() => undefined), {
        timeout: CLUSTER_MS,
      })
      .toBeDefined();
  await add("CHAT_0", 3);
  const faults = async () => mendsOf(await checkNats(nodes.map(({ monitorUrl }) => monitorUrl)));
  await expect.poll(faults, { timeout: CLUSTER_MS }).toEqual([]);
  await add("CHAT_1", 1);
  const one = expect.stringMatching(/^CHAT_1 has 1 copy on 3 NATS servers/);
  await expect.poll(faults, { timeout: CLUSTER_MS }).toEqual([one]);
  const { cluster } = await streams.info("CHAT_0");
  const follower = nodes.find(({ name }) => name !== cluster?.leader);
  await follower?.stop();
  const lost = expect.stringMatching(`^CHAT_0 has no current copy on ${follower?.name} `);
  const away = expect.stringMatching(/^NATS does not answer/);
  // CHAT_1 may have been there.
  const others = async () => (await faults()).filter((text) => !text.startsWith("CHAT_1")).sort();
  await expect.poll(others, { timeout: CLUSTER_MS }).toEqual([lost, away]);
}, 120_000);

test("Postgres is told to be mended for each fault, and not without one", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const { pathname } = new URL(url);
  // The tests' own Postgres does not sync.
  const ofTests = /^Postgres has fsync off/;
  const faults = async () => mendsOf(await checkPostgres(url)).filter((text) => !ofTests.test(text));
  expect(await faults()).toEqual([]);
  await withConnection(url, async (sql) => {
    await sql.unsafe(`alter database "${pathname.slice(1)}" set synchronous_commit = off`);
    await sql`delete from public.schema_migrations where name = '0135_blocks'`;
    await sql`insert into chat.shards (shard, lease_until) values (0, now()), (1, 'infinity')`;
    await sql`insert into chat.dead_letters (shard, log_seq, reason, subject, headers, payload)
      values (0, 1, 'no', 's', '{}', '')`;
  });
  expect(await faults()).toEqual([
    expect.stringMatching(/^Postgres has synchronous_commit off/),
    expect.stringMatching(/^migrations are missing \(0135_blocks\)/),
    expect.stringMatching(/^nobody writes shard 0:/),
    expect.stringMatching(/^1 entries could not be stored/),
  ]);
  const away = mendsOf(await checkPostgres("postgres://me:hid@den@127.0.0.1:1/x"));
  expect(away).toEqual([
    expect.stringMatching(/^Postgres cannot be asked at postgres:\/\/me@127\.0\.0\.1:1\/x/),
  ]);
});

test("a service of another version, with a wrong clock, and one that is away are named", async () => {
  const time = new Date(Date.now() - 60_000).toISOString();
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ status: "healthy", service: "auth", time, version: "0.0.1" }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const ports = {
    AUTH_HTTP_PORT: `${port}`,
    PRODUCER_HTTP_PORT: "1",
    CONSUMER_HTTP_PORT: `${port}`,
    WEB_PORT: "1",
  };
  expect(mendsOf(await checkServices(ports))).toEqual([
    expect.stringMatching(/^the clock of auth is 60\.\d s behind/),
    expect.stringMatching(/^auth is version 0\.0\.1 and this folder/),
    expect.stringMatching(/^ws-producer does not answer/),
    expect.stringMatching(/is auth and not ws-consumer: correct CONSUMER_HTTP_PORT/),
    expect.stringMatching(/^web does not answer/),
  ]);
});

test("the edge is asked as people ask it: who answers there, and with which certificate", async () => {
  const folder = await makeTempDir("edge");
  const authority = makeAuthority(folder, "authority");
  const { cert, key } = await makeCertificate(folder, "edge", authority);
  const files = { cert: readFileSync(cert), key: readFileSync(key) };
  let cut = "";
  const edge = createTlsServer(files, ({ url = "", socket }, response) => {
    if (url.startsWith(cut || " ")) socket.destroy();
    else response.writeHead(url === "/listen/health/ready" ? 502 : 200).end();
  });
  await once(edge.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void edge.close());
  const { port } = edge.address() as AddressInfo;
  const away = expect.stringMatching(/^https:\/\/\S+\/listen answers 502 /);
  expect(mendsOf(await checkEdge({ EDGE_HOST: "localhost", EDGE_PORT: `${port}` }))).toEqual([away]);
  const env = { EDGE_HOST: "127.0.0.1", EDGE_PORT: `${port}` };
  expect(mendsOf(await checkEdge(env))).toEqual([expect.stringMatching(/is not trusted/), away]);
  setDefaultCACertificates([readFileSync(authority.cert, "utf8")]);
  expect(mendsOf(await checkEdge(env))).toEqual([expect.stringMatching(/ends in 1 days: renew it$/), away]);
  cut = "/auth";
  expect(mendsOf(await checkEdge(env))).toEqual([
    expect.stringMatching(/ends in 1 days: renew it$/),
    expect.stringMatching(/\/auth does not answer \(ECONNRESET\): see the edge and that service$/),
    away,
  ]);
  expect(mendsOf(await checkEdge({ EDGE_HOST: "nothing.invalid", EDGE_PORT: "1" }))).toEqual([
    expect.stringMatching(/^https:\/\/nothing\.invalid:1 does not answer \(/),
  ]);
});

test("settings are told to be mended: passwords, back-ups, drain, what is open", async () => {
  const env = {
    POSTGRES_PASSWORD: "secret",
    DATABASE_URL: "postgres://parley:parley@there/parley",
    BACKUP_EVERY_HOURS: "30",
    DRAIN_MS: "9000",
    HOST: "0.0.0.0",
    RATE_LIMITS: "off",
    API_URL: "http://chat.example",
  };
  const found = mendsOf([...checkSettings(env, 10_000), ...(await checkEdge(env))]);
  expect(found.map((text) => text.split(" ")[0])).toEqual([
    "POSTGRES_PASSWORD",
    "DATABASE_URL",
    "the",
    "a",
    "HOST",
    "RATE_LIMITS",
    "http://chat.example",
  ]);
  expect(found.join()).not.toContain("secret");
  const backups = { BACKUP_EVERY_HOURS: "24" };
  expect(mendsOf(checkSettings(backups, 18_000))).toEqual([]);
  expect(mendsOf(checkSettings(backups, 17_000))).toEqual([
    expect.stringMatching(/and may need 18: lower DRAIN_MS or raise stop_grace_period$/),
  ]);
});
