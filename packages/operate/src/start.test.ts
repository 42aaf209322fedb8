import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "@parley/devstack/ports";
import { isAlive } from "@parley/devstack/server-process";
import { PORTS } from "@parley/devstack/stack-services";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { expect, onTestFinished, test } from "vitest";

type Run = Readonly<{
  child: ChildProcess;
  text: () => string;
  until: (part: string) => Promise<void>;
  code: Promise<unknown>;
}>;

/** Runs an entry file of this package with an environment of its own. */
function run(entry: string, args: string[], env: Record<string, string>): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, entry), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = once(child, "close").then(([value]) => value);
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await code;
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  const until = async (part: string) => {
    for (; !text.includes(part); await sleep(20))
      if (child.exitCode !== null) throw new Error(`ended before it said "${part}":\n${text}`);
  };
  return { child, text: () => text, until, code };
}

async function ownEnv(): Promise<Record<string, string>> {
  const env: Record<string, string> = { DATA_DIR: await makeTempDir("start") };
  for (const name of Object.keys(PORTS)) env[name] = String(await findFreePort());
  return env;
}

async function pidsOf(env: Record<string, string>): Promise<number[]> {
  const folder = join(env.DATA_DIR ?? "", "run");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".pid"));
  return Promise.all(files.map(async (name) => Number(await readFile(join(folder, name), "utf8"))));
}

for (const signal of ["SIGINT", "SIGHUP"] as const) {
  test(`start runs until ${signal}, stops everything and exits with 0`, async () => {
    const env = await ownEnv();
    const start = run("start.ts", ["auth"], env);
    await start.until("Parley is ready");
    const pids = await pidsOf(env);
    start.child.kill(signal);
    expect(await start.code).toBe(0);
    expect(start.text()).toContain("stopped");
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
  });
}

test("stop ends a running stack; a second one finds nothing", async () => {
  const env = await ownEnv();
  const start = run("start.ts", ["auth"], env);
  await start.until("Parley is ready");
  const stop = run("stop.ts", [], env);
  expect([await stop.code, await start.code]).toEqual([0, 0]);
  const again = run("stop.ts", [], env);
  expect(await again.code).toBe(0);
  expect(again.text()).toContain("nothing runs");
});

test("J: after kill -9 of the supervisor everything ends by itself, and the next start comes up", async () => {
  const env = await ownEnv();
  const start = run("start.ts", [], env);
  await start.until("Parley is ready");
  const pids = await pidsOf(env);
  expect(pids.length).toBeGreaterThanOrEqual(6);
  const killedAt = performance.now();
  start.child.kill("SIGKILL");
  await start.code;
  while (pids.some(isAlive)) await sleep(20);
  expect(performance.now() - killedAt).toBeLessThan(8_000);
  expect(existsSync(join(env.DATA_DIR ?? "", "postgres/cluster/postmaster.pid"))).toBe(false);
  const stop = run("stop.ts", [], env);
  expect([await stop.code, stop.text().trim()]).toEqual([0, `nothing runs on ${env.DATA_DIR}`]);
  const again = run("start.ts", ["auth"], env);
  await again.until("Parley is ready");
});

test("an end that is asked for while the stack comes up is obeyed, and nothing stays", async () => {
  const env = await ownEnv();
  const start = run("start.ts", ["auth"], env);
  await start.until("nats: ready");
  start.child.kill("SIGTERM");
  expect(await start.code).toBe(0);
  expect(await pidsOf(env)).toEqual([]);
});

test("J: a bad setting is one sentence at once that names it, and exit code 2", async () => {
  const cases = {
    AUTH_HTTP_PORT: ["eighty", "AUTH_HTTP_PORT=eighty is not a port (1 to 65535)"],
    DATABASE_URL: ["nowhere", "DATABASE_URL is no address of a Postgres"],
    NATS_URL: ["nats://one:4222,two:x", "NATS_URL has a part that is no address"],
    DATA_DIR: ["/dev/null/data", "DATA_DIR=/dev/null/data cannot be written (ENOTDIR"],
    ONLY: ["ath", "there is no service ath: auth, ws-producer, ws-consumer, web"],
  };
  const env = await ownEnv();
  const runs = Object.entries(cases).map(async ([name, [value = "", sentence]]) => {
    const start = run("start.ts", name === "ONLY" ? [value] : [], { ...env, [name]: value });
    expect(await start.code, name).toBe(2);
    expect(start.text()).toMatch(/^make start: .+\n$/);
    expect(start.text()).toContain(sentence);
  });
  await Promise.all(runs);
});
