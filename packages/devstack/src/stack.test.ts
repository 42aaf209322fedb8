import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "./ports.ts";
import { pidOf } from "./run-dir.ts";
import { isAlive } from "./server-process.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";
import { makeTempDir } from "./temp-dir.ts";

const NAMES = ["nats", "postgres", "auth", "ws-producer", "ws-consumer"];
/** Stand-ins for the services; NATS and Postgres are real. */
const fixture = (role: string) => join(import.meta.dirname, `../fixtures/${role}-service.ts`);
const FIXTURES = {
  entries: { auth: fixture("auth"), "ws-producer": fixture("producer"), "ws-consumer": fixture("consumer") },
} as const;

async function start(options: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await startStack({
    dataDir: options.dataDir ?? (await makeTempDir("stack")),
    ...FIXTURES,
    ...options,
  });
  onTestFinished(() => stack.stop());
  return stack;
}

const ask = async (url = "") => (await (await fetch(`${url}/health/ready`)).json()) as { pid: number };

test("every process has its pid file and log, and comes back within a second of a kill -9", async () => {
  const stack = await start();
  for (const name of NAMES) {
    const before = pidOf(stack.dataDir, name);
    expect(stack.service(name).pid).toBe(before);
    expect(existsSync(join(stack.dataDir, `logs/${name}.log`))).toBe(true);
    const killedAt = performance.now();
    process.kill(before, "SIGKILL");
    while ([before, Number.NaN].includes(pidOf(stack.dataDir, name))) await sleep(5);
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    await stack.untilReady();
    expect(stack.service(name).restarts).toBe(1);
  }
  const pids = NAMES.map((name) => stack.service(name).pid ?? 0);
  await stack.stop();
  expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
  expect(NAMES.filter((name) => existsSync(join(stack.dataDir, `run/${name}.pid`)))).toEqual([]);
});

test("a process that is restarted runs the source file that is named for it by then", async () => {
  const entries: Record<string, string> = { ...FIXTURES.entries };
  const stack = await start({ entries });
  entries.auth = join(stack.dataDir, "later.ts");
  await writeFile(entries.auth, `console.log("the later one"); await import("${fixture("auth")}");`);
  await stack.service("auth").restart();
  expect(await readFile(join(stack.dataDir, "logs/auth.log"), "utf8")).toContain("the later one");
});

test("taken ports are all named before anything starts", async () => {
  const dataDir = await makeTempDir("stack");
  const holder = createServer();
  const port = await findFreePort();
  await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
  const attempt = start({ dataDir, ports: { PRODUCER_HTTP_PORT: port, NATS_PORT: port } });
  await expect(attempt).rejects.toThrow(
    new RegExp(`port ${port} \\(PRODUCER_HTTP_PORT\\) is taken.*NATS_PORT`),
  );
  expect(existsSync(join(dataDir, "nats"))).toBe(false);
  holder.close();
});

test("a second start on the same data is refused, and disturbs nothing", async () => {
  const stack = await start();
  await expect(start({ dataDir: stack.dataDir })).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
  expect((await ask(stack.urls.auth)).pid).toBe(stack.service("auth").pid);
});

test("a service that keeps dying is reported with the end of its log, and the rest is stopped", async () => {
  const dataDir = await makeTempDir("stack");
  const attempt = start({ dataDir, serviceEnv: { "ws-producer": { FIXTURE_CRASH: "1" } } });
  await expect(attempt).rejects.toThrow(/ws-producer is not ready[\s\S]*told to crash/);
  expect(existsSync(join(dataDir, "run/supervisor.pid"))).toBe(false);
  expect(existsSync(join(dataDir, "run/nats.pid"))).toBe(false);
});

test("a start that fails half way stops what it started", async () => {
  const dataDir = await makeTempDir("stack");
  const broken = join(dataDir, "postgres/cluster/parley-complete");
  await mkdir(join(broken, ".."), { recursive: true, mode: 0o700 });
  await writeFile(broken, "");
  await writeFile(join(dataDir, "postgres/password"), "none");
  let natsPid = 0;
  const onProgress = (line: string) => {
    if (line === "nats: ready") natsPid = pidOf(dataDir, "nats");
  };
  await expect(start({ dataDir, onProgress })).rejects.toMatchObject({ code: "NOT_READY" });
  expect(natsPid).toBeGreaterThan(0);
  expect(isAlive(natsPid)).toBe(false);
  expect(existsSync(join(dataDir, "run/supervisor.pid"))).toBe(false);
});

test("J: nobody but the owner can read the data folder, nor pass it", async () => {
  const { dataDir } = await start({ dataDir: join(await makeTempDir("stack"), "data") });
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  const modes: Record<string, number> = {};
  for (const folder of [".", "postgres"])
    for (const name of await readdir(join(dataDir, folder)))
      modes[name] = (await stat(join(dataDir, folder, name))).mode & 0o077;
  const { postgres, ...others } = modes;
  expect(postgres).toBe(0o011);
  expect(Object.values(others).filter((mode) => mode !== 0)).toEqual([]);
  expect(Object.keys(others)).toEqual(expect.arrayContaining(["logins.json", "cluster", "password", "nats"]));
});

test("existing servers are used, and then none is started", async () => {
  const first = await start();
  const { natsUrl, natsMonitorUrl, databaseUrl } = first;
  const second = await start({ natsUrl, natsMonitorUrl, databaseUrl });
  expect(() => second.service("nats")).toThrow(/no nats here/);
  expect(second.databaseUrl).toBe(databaseUrl);
  const lost = start({ natsUrl: "nats://127.0.0.1:9" });
  await expect(lost).rejects.toThrow(/NATS_URL: 127\.0\.0\.1:9.*ECONNREFUSED/);
});
