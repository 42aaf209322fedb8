import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { pidOf, readPorts } from "@parley/devstack/run-dir";
import { startStack } from "@parley/devstack/stack";
import { SERVICE_NAMES, stopDeadlineOf } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { afterAll, describe, expect, test } from "vitest";
import { httpUrlOf, metricsUrlOf } from "./addresses.ts";
import { findInstallation } from "./installation.ts";
import { clientVariables } from "./postgres-tools.ts";
import { dependentsOf } from "./watch.ts";

const fixture = (role: string) => join(REPOSITORY, `packages/devstack/fixtures/${role}-service.ts`);
const stack = await startStack({
  host: "127.0.0.2",
  dataDir: await makeTempDir("operate"),
  services: ["auth"],
  entries: { auth: fixture("auth") },
});
afterAll(() => stack.stop());

// Other variables of the developer's own `.env` do not reach a tool: what is empty is unset.
const env = { ...process.env, DATA_DIR: stack.dataDir, DATABASE_URL: "", NATS_URL: "" };
const tool = (file: string, ...args: string[]) =>
  runCommand(process.execPath, [join(import.meta.dirname, file), ...args], { cwd: REPOSITORY, env });

test("make ps lists the processes with their ports", async () => {
  const { stdout, code } = await tool("ps.ts");
  expect(code).toBe(0);
  const auth = stdout.split("\n").find((line) => line.startsWith("auth"));
  expect(auth).toMatch(
    new RegExp(`^auth +${pidOf(stack.dataDir, "auth")} +${stack.ports.AUTH_HTTP_PORT} .* ready$`),
  );
  expect(stdout).toMatch(/^postgres +\d+ /m);
});

test("make stop waits as long as three drains, one after the other, and their servers may take", () => {
  expect(stopDeadlineOf({ DRAIN_MS: "60000" })).toBe(3 * (60_000 + 15_000) + 10_000);
});

test("a service is asked where HOST and METRICS_HOST say", () => {
  const env = { HOST: "::", METRICS_HOST: "192.168.1.5", WEB_PORT: "18083" };
  expect(SERVICE_NAMES.map((name) => httpUrlOf(name, env))).toEqual([
    "http://[::1]:8080",
    "http://[::1]:8081",
    "http://[::1]:8082",
    "http://[::1]:18083",
  ]);
  expect(metricsUrlOf("ws-producer", env)).toBe("http://192.168.1.5:9081");
  expect(readPorts(stack.dataDir).HOST).toBe("127.0.0.2");
});

test("make restart-… restarts one process and waits until it is ready", async () => {
  for (const name of ["auth", "postgres"]) {
    const before = pidOf(stack.dataDir, name);
    expect((await tool("restart.ts", name)).stdout).toMatch(new RegExp(`^${name}: ready after`));
    expect(pidOf(stack.dataDir, name)).not.toBe(before);
  }
  const { code, stderr } = await tool("restart.ts", "web");
  expect([code, stderr]).toEqual([2, expect.stringContaining("web does not run")]);
});

test("make psql asks the database of the running stack as its owner", async () => {
  const { stdout, stderr } = await tool(
    "psql.ts",
    "select current_user || ' of ' || current_database() as who",
  );
  expect(stderr).toBe("");
  expect(stdout).toContain("parley of parley");
});

describe("an installation", () => {
  test("is found by what runs, then by the secrets of containers, then by addresses", async () => {
    expect((await findInstallation(env)).kind).toBe("stack");
    const none = { DATA_DIR: await makeTempDir("none") };
    await expect(findInstallation(none)).rejects.toThrow("make start");
    const secrets = { POSTGRES_PASSWORD: "p1", NATS_OPERATOR_PASSWORD: "p2", POSTGRES_PORT: "15432" };
    expect(await findInstallation({ ...none, ...secrets })).toMatchObject({
      kind: "containers",
      variables: { DATABASE_URL: "postgres://parley:p1@127.0.0.1:15432/parley", NATS_USER: "operator" },
    });
    const named = { ...none, DATABASE_URL: "postgres://me@there/parley" };
    expect((await findInstallation(named)).variables.DATABASE_URL).toBe(named.DATABASE_URL);
  });

  test("of several Postgres servers is told to psql by variables, not by arguments", () => {
    const url = "postgres://me:p%40ss@one:5432,[::1]/parley?sslmode=require";
    expect(clientVariables(url)).toMatchObject({
      PGHOST: "one,::1",
      PGPORT: "5432,5432",
      PGPASSWORD: "p@ss",
      PGDATABASE: "parley",
      PGSSLMODE: "require",
    });
  });
});

test("make watch restarts the services whose process reads what has changed", () => {
  expect(dependentsOf("services/auth")).toEqual(["auth"]);
  expect(dependentsOf("packages/socket")).toEqual(["ws-producer", "ws-consumer"]);
  expect(dependentsOf("packages/runtime")).toEqual(["auth", "ws-producer", "ws-consumer", "web"]);
  expect(dependentsOf("packages/devstack")).toEqual([]);
});
