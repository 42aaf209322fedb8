import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { readConfig } from "@parley/runtime/config";
import { buildHttp } from "@parley/runtime/http";
import { createLog } from "@parley/runtime/log";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { ServiceVariables } from "@parley/runtime/variables";
import { Type } from "typebox";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { DoorVariables, doorLimits } from "./door-limits.ts";
import { openDoor } from "./open-door.ts";

const Config = Type.Object({ ...ServiceVariables, ...DoorVariables });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Opens a door whose limits come from these variables; every token is valid and is the user id. */
async function doorWith(env: Record<string, string>): Promise<string> {
  const log = createLog("door-limits", "silent");
  const limits = doorLimits(readConfig(Config, env));
  const app = await buildHttp({
    service: "door-limits",
    title: "door",
    description: "door",
    log,
    checks: {},
    allowedOrigins: [],
    trustProxy: readTrustProxy(env.TRUST_PROXY ?? ""),
    limits,
    bodyBytesMax: 16_384,
  });
  const identities = {
    verify: async (userId: string) => ({
      userId,
      username: userId,
      sessionId: userId,
      expiresAt: Date.now() + 60_000,
    }),
    isRevoked: () => false,
    onRevoked: () => undefined,
  };
  await openDoor(app, {
    service: "producer",
    identities,
    commands: [],
    limits,
    log,
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  closers.push(() => app.close());
  return `ws://127.0.0.1:${(app.server.address() as { port: number }).port}/ws`;
}

type Outcome = Readonly<{ status: number; headers: IncomingMessage["headers"]; body: string; ws: WebSocket }>;

/** Connects once: status 101 with an open socket, or the HTTP answer. */
async function connect(url: string, headers: Record<string, string> = {}): Promise<Outcome> {
  const ws = new WebSocket(url, { headers: { authorization: "Bearer u1", ...headers } });
  ws.on("error", () => undefined);
  closers.push(async () => ws.terminate());
  const opened = once(ws, "open").then(() => ({ status: 101, headers: {}, body: "", ws }));
  const refused = once(ws, "unexpected-response").then(async ([, response]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response as IncomingMessage) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: String(Buffer.concat(chunks)),
      ws,
    };
  });
  opened.catch(() => undefined);
  refused.catch(() => undefined);
  return Promise.any([opened, refused]);
}

const closeCode = (ws: WebSocket): Promise<number> => once(ws, "close").then(([code]) => code as number);

it("limits handshakes a second by address, and answers 429 with Retry-After", async () => {
  const url = await doorWith({ HANDSHAKES_PER_SECOND: "5" });
  const began = performance.now();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => connect(url)));
  const refilled = Math.floor((5 * (performance.now() - began)) / 1_000);
  const refused = outcomes.filter(({ status }) => status === 429);
  expect(refused.length).toBeLessThanOrEqual(10);
  expect(refused.length).toBeGreaterThanOrEqual(10 - refilled);
  expect(outcomes.filter(({ status }) => status === 101)).toHaveLength(20 - refused.length);
  for (const { headers, body } of refused) {
    expect(headers["content-type"]).toContain("application/problem+json");
    expect(Number(headers["retry-after"])).toBe(1);
    expect(JSON.parse(body)).toMatchObject({ status: 429, code: "rate_limited" });
    expect(JSON.parse(body).retryAfterMs).toBeGreaterThan(0);
  }
  await new Promise((resolve) => setTimeout(resolve, 450));
  expect((await connect(url)).status).toBe(101);
});

it("counts handshakes with a bad token too, so that tokens cannot be guessed fast", async () => {
  const url = await doorWith({ HANDSHAKES_PER_SECOND: "5" });
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => connect(url, { authorization: "Basic x" })),
  );
  expect(outcomes.filter(({ status }) => status === 401)).toHaveLength(10);
  expect(outcomes.filter(({ status }) => status === 429)).toHaveLength(10);
});

it("closes with 4429 above the sockets of one address, which a trusted proxy names", async () => {
  const url = await doorWith({ SOCKETS_PER_ADDRESS: "3", TRUST_PROXY: "1" });
  const from = (address: string, user: string) =>
    connect(url, { "x-forwarded-for": address, authorization: `Bearer ${user}` });
  const first = await Promise.all(["u1", "u2", "u3"].map((user) => from("192.0.2.1", user)));
  expect(await closeCode((await from("192.0.2.1", "u4")).ws)).toBe(4429);
  const other = await from("192.0.2.2", "u4");
  first[0]?.ws.close();
  await closeCode(first[0]?.ws as WebSocket);
  const again = await from("192.0.2.1", "u5");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([other, again, first[1], first[2]].map((one) => one?.ws.readyState)).toEqual([1, 1, 1, 1]);
});

it("ignores X-Forwarded-For without TRUST_PROXY", async () => {
  const url = await doorWith({ SOCKETS_PER_ADDRESS: "2" });
  for (const address of ["192.0.2.1", "192.0.2.2"]) await connect(url, { "x-forwarded-for": address });
  expect(await closeCode((await connect(url, { "x-forwarded-for": "192.0.2.3" })).ws)).toBe(4429);
});

it.each([
  ["one header of 20 kB", { "x-large": "x".repeat(20_000) }],
  ["a token of 20 kB", { authorization: `Bearer ${"x".repeat(20_000)}` }],
  [
    "300 headers of 60 bytes",
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-header-${i}`, "x".repeat(50)])),
  ],
])("refuses a handshake with %s", async (_what, headers) => {
  const url = await doorWith({});
  expect((await connect(url, headers)).status).toBe(431);
  expect((await connect(url)).status).toBe(101);
});

it.each([
  ["https://chat.example", 101],
  ["https://chat.example.evil.example", 403],
  ["https://chat.example:444", 403],
  ["http://chat.example", 403],
  ["https://CHAT.example", 403],
  ["https://sub.chat.example", 403],
  ["https://chat.example/", 403],
  ["http://localhost:8083", 403],
  ["null", 403],
  ["", 403],
  ["*", 403],
])("compares the origin %j exactly", async (origin, status) => {
  const url = await doorWith({ ALLOWED_ORIGINS: "https://chat.example, https://other.example" });
  expect((await connect(url, { origin })).status).toBe(status);
});

it("allows the local chat page while ALLOWED_ORIGINS is unset, and clients without an origin", async () => {
  const url = await doorWith({ WEB_PORT: "9083" });
  expect((await connect(url, { origin: "http://localhost:9083" })).status).toBe(101);
  expect((await connect(url, { origin: "http://localhost:8083" })).status).toBe(403);
  expect((await connect(url)).status).toBe(101);
});

it("allows the service's own origin, behind TLS too", async () => {
  const url = await doorWith({ ALLOWED_ORIGINS: "https://chat.example" });
  const { host, hostname } = new URL(url);
  for (const origin of [`http://${host}`, `https://${host}`])
    expect((await connect(url, { origin })).status).toBe(101);
  expect((await connect(url, { origin: `http://${hostname}` })).status).toBe(403);
});

it.each([
  [{ NODE_ENV: "production" }, 401],
  [{ NODE_ENV: "production", ALLOW_QUERY_TOKEN: "true" }, 101],
  [{ NODE_ENV: "development" }, 101],
  [{ NODE_ENV: "development", ALLOW_QUERY_TOKEN: "false" }, 401],
])("answers ?token= with %j: %i", async (env, status) => {
  const url = await doorWith(env);
  const ws = new WebSocket(`${url}?token=u1`);
  ws.on("error", () => undefined);
  closers.push(async () => ws.terminate());
  const opened = once(ws, "open").then(() => 101);
  const refused = once(ws, "unexpected-response").then(([, response]) => response.statusCode as number);
  opened.catch(() => undefined);
  refused.catch(() => undefined);
  expect(await Promise.any([opened, refused])).toBe(status);
});

it("refuses RATE_LIMITS=off in production", () => {
  const config = readConfig(Config, { NODE_ENV: "production", RATE_LIMITS: "off" });
  expect(() => doorLimits(config)).toThrow("RATE_LIMITS=off is refused when NODE_ENV=production");
  expect(doorLimits(readConfig(Config, { NODE_ENV: "test", RATE_LIMITS: "off" })).isLimited).toBe(false);
});
