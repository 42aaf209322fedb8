import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { connect } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "@parley/devstack/nats-server";
import { createTestDatabase, type TestDatabase } from "@parley/devstack/test-database";
import { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { REVOKED_SUBJECT } from "@parley/protocol/subjects";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callsOf, refusalOf } from "./auth-fixture.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let database: TestDatabase;
let nats: NatsServer;
let dir: string;

type Running = { child: ChildProcess; output: () => string; httpPort: number; client: AuthServiceClient };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Starts auth as a process of its own. */
async function run(env: Record<string, string> = {}): Promise<Running> {
  const [grpcPort, httpPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...{ DATABASE_URL: database.url, NATS_URL: nats.url, LOG_LEVEL: "trace" },
      ...{ AUTH_GRPC_PORT: String(grpcPort), AUTH_HTTP_PORT: String(httpPort) },
      ...{ AUTH_METRICS_PORT: "0", ...env },
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  await expect.poll(() => output, { timeout: 15_000, interval: 50 }).toContain('"started"');
  const client = new AuthServiceClient(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  return { child, output: () => output, httpPort, client };
}

async function stop({ child, client }: Running, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  client.close();
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill(signal);
  return (await exited)[0];
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "parley-auth-"));
  [database, nats] = await Promise.all([createTestDatabase(), startNats({ dataDir: dir })]);
});
afterAll(async () => {
  await nats?.stop();
  await database?.drop();
  rmSync(dir, { recursive: true, force: true });
});

it("publishes each revocation at once, also after NATS was restarted", async () => {
  const auth = await run();
  const listener = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  try {
    const calls = callsOf(auth.client);
    const heard: { sessionId: string; userId: string; at: number }[] = [];
    listener.subscribe(REVOKED_SUBJECT, { callback: (_error, message) => void heard.push(message.json()) });
    await listener.flush();
    await calls.enroll("alice", "correct horse battery");
    const leave = async () => {
      const { token, user } = await calls.enter("alice", "correct horse battery");
      const { sessionId } = await calls.verifyToken({ token });
      await calls.logout({ token, refreshToken: "" });
      return { sessionId, userId: user?.id, at: expect.any(Number) };
    };
    await expect.poll(auth.output).not.toContain("NATS cannot be used");
    const first = await leave();
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual(first);
    await nats.restart();
    await expect.poll(auth.output, { timeout: 10_000 }).toContain("NATS connection is back");
    await expect.poll(() => listener.flush().then(() => true), { timeout: 10_000 }).toBe(true);
    const second = await leave();
    await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual(second);
  } finally {
    await listener.close();
    await stop(auth);
  }
});

it("writes no password, token or hash to its log, at level trace either", async () => {
  const auth = await run();
  const calls = callsOf(auth.client);
  const url = `http://127.0.0.1:${auth.httpPort}/api/v1`;
  const password = "canary-password-4711";
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  await post("/register", { username: "canary", password });
  const login = (await (await post("/login", { username: "canary", password })).json()) as {
    data: { token: string; refreshToken: string };
  };
  const { token, refreshToken } = login.data;
  await post("/login", { username: "canary", password: "canary-wrong-0815" });
  await post("/register", { username: "no", password });
  await post("/login", `{"username":"canary","password":"${password}"`);
  await fetch(`${url}/me?token=${token}`, { headers: { authorization: `Bearer ${token}x` } });
  const next = (await (await post("/refresh", { refreshToken })).json()) as typeof login;
  await post("/refresh", { refreshToken: next.data.refreshToken });
  await refusalOf(calls.refresh({ refreshToken }));
  await refusalOf(calls.verifyToken({ token }));
  await refusalOf(calls.enter("canary\0", password));
  expect(await stop(auth)).toBe(0);
  const log = auth.output();
  expect(log).toContain('"closed"');
  const secrets = [
    password,
    "canary-wrong-0815",
    token,
    refreshToken,
    next.data.token,
    next.data.refreshToken,
  ];
  for (const secret of secrets) {
    expect(log).not.toContain(secret);
    expect(log).not.toContain(secret.slice(-20));
  }
  expect(log).not.toContain("$argon2");
  expect(log).not.toContain('"d":"');
});

it("on SIGTERM, completes open calls and exits with 0", async () => {
  const auth = await run({ RATE_LIMITS: "off" });
  const calls = callsOf(auth.client);
  const open = Array.from({ length: 8 }, (_, i) => calls.enroll(`drain-${i}`, "correct horse battery"));
  await open[0];
  const code = stop(auth);
  const outcomes = await Promise.allSettled(open);
  expect(await code).toBe(0);
  expect(outcomes.map(({ status }) => status)).toEqual(open.map(() => "fulfilled"));
});

it.runIf(process.platform === "linux")("leaves no password process behind when it is killed", async () => {
  const auth = await run();
  const { pid } = auth.child;
  const hasher = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
  expect(existsSync(`/proc/${hasher}`)).toBe(true);
  await stop(auth, "SIGKILL");
  await expect.poll(() => existsSync(`/proc/${hasher}`), { timeout: 5_000 }).toBe(false);
});
