import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findFreePort } from "./ports.ts";
import { isAlive } from "./server-process.ts";
import { makeTempDir, removeDataDir } from "./temp-dir.ts";

const NAMES = ["nats", "postgres", "auth"];
const folders: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
  for (const folder of folders.splice(0)) await removeDataDir(folder);
});

type Run = Readonly<{
  child: ChildProcess;
  text: () => string;
  until: (part: string) => Promise<void>;
  code: Promise<unknown>;
}>;

/** Runs an entry file of the devstack with an environment of its own. */
function run(entry: string, args: string[], env: Record<string, string>): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, entry), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let text = "";
  let wake: () => void = () => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
      wake();
    });
  }
  const code = new Promise((resolve) => child.once("close", (value) => resolve(value)));
  void code.then(() => wake());
  const until = async (part: string) => {
    while (!text.includes(part)) {
      if (child.exitCode !== null) throw new Error(`ended before it said "${part}":\n${text}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { child, text: () => text, until, code };
}

async function ownEnv(): Promise<Record<string, string>> {
  const DATA_DIR = await makeTempDir("start");
  folders.push(DATA_DIR);
  const env: Record<string, string> = { DATA_DIR };
  for (const name of ["AUTH_GRPC_PORT", "AUTH_HTTP_PORT", "NATS_PORT", "POSTGRES_PORT"])
    env[name] = String(await findFreePort());
  return env;
}

async function pidsOf(env: Record<string, string>): Promise<number[]> {
  return Promise.all(
    NAMES.map(async (name) => Number(await readFile(join(env.DATA_DIR ?? "", `run/${name}.pid`), "utf8"))),
  );
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

test("stop ends what is left after the supervisor was killed", async () => {
  const env = await ownEnv();
  const start = run("start.ts", ["auth"], env);
  await start.until("Parley is ready");
  const pids = await pidsOf(env);
  start.child.kill("SIGKILL");
  await start.code;
  expect(await run("stop.ts", [], env).code).toBe(0);
  expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
});

test("an end that is asked for while the stack comes up is obeyed, and nothing stays", async () => {
  const env = await ownEnv();
  const start = run("start.ts", ["auth"], env);
  await start.until("nats: ready");
  start.child.kill("SIGTERM");
  expect(await start.code).toBe(0);
  expect(NAMES.filter((name) => existsSync(join(env.DATA_DIR ?? "", `run/${name}.pid`)))).toEqual([]);
});

test("a bad port is one clear line and exit code 1", async () => {
  const start = run("start.ts", [], { ...(await ownEnv()), AUTH_HTTP_PORT: "eighty" });
  expect(await start.code).toBe(1);
  expect(start.text().trim()).toBe("make start: AUTH_HTTP_PORT=eighty is not a port (1 to 65535)");
});
