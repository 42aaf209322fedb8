import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { sleep } from "./environment.ts";
import { findFreePort } from "./ports.ts";
import { isAlive } from "./server-process.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";
import { fixtureEntries } from "./stack-fixture.ts";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";

const NAMES = ["nats", "postgres", "auth", "ws-producer", "ws-consumer"];
const stacks: Stack[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
  for (const folder of folders.splice(0)) await removeDataDir(folder);
});

async function folder(): Promise<string> {
  const made = await makeTempDir("stack");
  folders.push(made);
  return made;
}

async function start(options: Partial<StackOptions> = {}): Promise<Stack> {
  const stack = await startStack({
    dataDir: options.dataDir ?? (await folder()),
    ...fixtureEntries(),
    ...options,
  });
  stacks.push(stack);
  return stack;
}

const pidIn = async (dataDir: string, name: string) =>
  Number(await readFile(join(dataDir, `run/${name}.pid`), "utf8"));
const ask = async (url = "") =>
  (await (await fetch(`${url}/health/ready`)).json()) as { pid: number; extra?: string };

test("every process has its pid file and log, and comes back within a second of a kill -9", async () => {
  const stack = await start();
  for (const name of NAMES) {
    const before = await pidIn(stack.dataDir, name);
    expect(stack.service(name).pid).toBe(before);
    expect(existsSync(join(stack.dataDir, `logs/${name}.log`))).toBe(true);
    const killedAt = performance.now();
    process.kill(before, "SIGKILL");
    while ((await pidIn(stack.dataDir, name).catch(() => before)) === before) await sleep(5);
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    await stack.untilReady();
    expect(stack.service(name).restarts).toBe(1);
  }
  const pids = NAMES.map((name) => stack.service(name).pid ?? 0);
  await stack.stop();
  expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
  expect(NAMES.filter((name) => existsSync(join(stack.dataDir, `run/${name}.pid`)))).toEqual([]);
});

test("two stacks run side by side, and several consumers each have a port", async () => {
  const [one, two] = await Promise.all([
    start({ consumers: 2 }),
    start({ serviceEnv: { auth: { FIXTURE_EXTRA: "two" } } }),
  ]);
  expect(Object.keys(one.urls)).toEqual(["auth", "ws-producer", "ws-consumer", "ws-consumer-2"]);
  const pids = await Promise.all(Object.values(one.urls).map(async (url) => (await ask(url)).pid));
  expect(new Set(pids).size).toBe(4);
  expect((await ask(two.urls.auth)).extra).toBe("two");
  await one.stop();
  expect((await ask(two.urls.auth)).pid).toBe(two.service("auth").pid);
});

test("taken ports are all named before anything starts", async () => {
  const dataDir = await folder();
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

test("a second start on the same data is refused, and hurts nothing", async () => {
  const stack = await start();
  await expect(start({ dataDir: stack.dataDir })).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
  expect((await ask(stack.urls.auth)).pid).toBe(stack.service("auth").pid);
});

test("after kill -9 of a supervisor nothing is in the way of the next start", async () => {
  const dataDir = await folder();
  const main = join(import.meta.dirname, "../fixtures/supervisor.ts");
  const supervisor = spawn(process.execPath, [main, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve) =>
    createInterface(supervisor.stdout).once("line", resolve),
  );
  const { ports } = JSON.parse(line) as Pick<Stack, "ports">;
  const old = await Promise.all(NAMES.map((name) => pidIn(dataDir, name)));
  expect(old.every((pid) => isAlive(pid))).toBe(true);
  const ended = new Promise((resolve) => supervisor.once("exit", resolve));
  supervisor.kill("SIGKILL");
  await ended;
  const stack = await start({ dataDir, ports });
  expect(old.filter((pid) => isAlive(pid))).toEqual([]);
  expect((await ask(stack.urls.auth)).pid).toBe(stack.service("auth").pid);
});

test("a service that keeps dying is told with the end of its log, and the rest is stopped", async () => {
  const dataDir = await folder();
  const attempt = start({ dataDir, serviceEnv: { "ws-producer": { FIXTURE_CRASH: "1" } } });
  await expect(attempt).rejects.toThrow(/ws-producer is not ready[\s\S]*told to crash/);
  expect(existsSync(join(dataDir, "run/supervisor.lock"))).toBe(false);
  expect(existsSync(join(dataDir, "run/nats.pid"))).toBe(false);
});

test("without supervision what is killed stays down until it is started", async () => {
  const stack = await start({ supervise: false });
  const auth = stack.service("auth");
  await auth.kill();
  await sleep(300);
  expect(auth.pid).toBeUndefined();
  await auth.start();
  await stack.untilReady("auth");
  await stack.service("nats").kill();
  await stack.service("nats").start();
  await stack.service("postgres").stop();
  await stack.service("postgres").start();
  expect(stack.service("postgres").pid).toBe(await pidIn(stack.dataDir, "postgres"));
});

test("servers of one's own are used, and then none is started", async () => {
  const first = await start();
  const { natsUrl, natsMonitorUrl, databaseUrl } = first;
  const second = await start({ natsUrl, natsMonitorUrl, databaseUrl });
  expect(() => second.service("nats")).toThrow(/no nats here/);
  expect(second.databaseUrl).toBe(databaseUrl);
  const lost = start({ natsUrl: "nats://127.0.0.1:9" });
  await expect(lost).rejects.toThrow(/NATS_URL: 127\.0\.0\.1:9.*ECONNREFUSED/);
});
