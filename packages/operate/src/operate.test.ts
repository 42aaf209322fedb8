import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withConnection } from "@parley/devstack/database";
import { REPOSITORY } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { pidOf, readPorts } from "@parley/devstack/run-dir";
import { startStack } from "@parley/devstack/stack";
import { SERVICE_NAMES, stopDeadlineOf } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { httpUrlOf, metricsUrlOf } from "./addresses.ts";
import { demoUsersFile, newDemoUser } from "./demo-users.ts";
import { findInstallation } from "./installation.ts";
import { clientVariables } from "./postgres-tools.ts";
import { restartProcess } from "./restart.ts";
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

/** Starts a program; `ended` is settled when nothing holds its output any more, so no child of it either. */
function begin(command: string, ...args: string[]) {
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    env: { ...env, PSQL_HISTORY: "/dev/null", PSQL_PAGER: "cat" },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  const until = (part: string) => expect.poll(() => text, { timeout: 20_000 }).toContain(part);
  return { child, until, ended: once(child, "close") };
}

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
    expect((await tool("restart.ts", name)).stdout).toMatch(new RegExp(`^${name}: ready after`, "m"));
    expect(pidOf(stack.dataDir, name)).not.toBe(before);
  }
  const { code, stderr } = await tool("restart.ts", "web");
  expect([code, stderr]).toEqual([2, expect.stringContaining("web does not run")]);
});

test("a closed pipe is no error, and auth that is away is one sentence", async () => {
  const script = `${process.execPath} ${join(import.meta.dirname, "ps.ts")} | true`;
  expect(await runCommand("/bin/sh", ["-c", script], { cwd: REPOSITORY, env })).toMatchObject({ stderr: "" });
  const dataDir = await makeTempDir("token");
  await writeFile(demoUsersFile(dataDir), JSON.stringify([newDemoUser("Alice")]));
  const away = { ...env, DATA_DIR: dataDir, AUTH_HTTP_PORT: "1" };
  const token = join(import.meta.dirname, "token.ts");
  const { code, stderr } = await runCommand(process.execPath, [token, "alice"], {
    cwd: REPOSITORY,
    env: away,
  });
  expect([code, stderr]).toEqual([1, "make token: http://127.0.0.1:1 does not answer (bad port): make ps\n"]);
});

test("a process that hangs is told from one that does not run, and make restart-… kills it", async () => {
  const [auth, nats] = [pidOf(stack.dataDir, "auth"), pidOf(stack.dataDir, "nats")];
  for (const pid of [auth, nats]) process.kill(pid, "SIGSTOP");
  const [ps, doctor] = await Promise.all([tool("ps.ts"), tool("doctor.ts")]);
  for (const pid of [auth, nats])
    expect(ps.stdout).toMatch(new RegExp(`^\\w+ +${pid} .* it does not answer in 2 s$`, "m"));
  expect(ps.stdout).toMatch(/^postgres .* ready$/m);
  expect(doctor.stdout).toMatch(/MEND {2}auth does not answer at \S+ in 5 s: it hangs, make restart-auth$/m);
  expect(doctor.stdout).toMatch(/MEND {2}NATS does not answer at \S+ in 5 s: it hangs, make restart-nats$/m);
  process.kill(nats, "SIGCONT");
  const lines: string[] = [];
  await restartProcess(env, "auth", { graceMs: 200, onProgress: (line) => lines.push(line) });
  expect(lines).toEqual(["auth: has not ended in 0.2 s, killing it"]);
  expect(pidOf(stack.dataDir, "auth")).not.toBe(auth);
});

test("make psql asks the database of the running stack as its owner", async () => {
  const { stdout, stderr } = await tool(
    "psql.ts",
    "select current_user || ' of ' || current_database() as who",
  );
  expect(stderr).toBe("");
  expect(stdout).toContain("parley of parley");
});

test("Ctrl-C in make psql ends the statement only, and psql keeps the terminal", async () => {
  const { child, until, ended } = begin("script", "--quiet", "--command", "make psql", "/dev/null");
  child.stdin.write("select pg_sleep(60);\n");
  const sleeping = () =>
    withConnection(
      stack.databaseUrl,
      (sql) => sql`select from pg_stat_activity where query ~ '^select pg_sleep' and state = 'active'`,
    );
  await expect.poll(async () => (await sleeping()).length, { timeout: 20_000 }).toBe(1);
  child.stdin.write("\x03");
  await until("canceling statement due to user request");
  child.stdin.write("select 'still ' || 'here';\n");
  await until("still here");
  child.stdin.write("\\q\n");
  await ended;
});

test("who ends make ends what it started", async () => {
  for (const [target, said] of [
    ["log-tail", "from now on"],
    ["logs-postgres", "ready to accept connections"],
  ] as const) {
    const { child, until, ended } = begin("make", target);
    await until(said);
    child.kill("SIGTERM");
    await ended;
  }
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
