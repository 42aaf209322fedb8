import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import { type Account, openAccount, postJson } from "@parley/devstack/accounts";
import { type Stack, startStack } from "@parley/devstack/stack";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Flood } from "./flood-fixture.ts";

/** Duration of one attack, ms. `FLOOD_MS=10000` is the long form. */
const FLOOD_MS = Number(process.env.FLOOD_MS ?? 600);
const AT_ONCE = 50;
/** How often the innocent user reads and sends, ms. */
const EVERY_MS = 20;
/** Longest p95 of the innocent user that needs no comparison, ms; else twice that beside the control. */
const P95_MS = 100;

let stack: Stack;
let mallory: Account;
let bob: Account;
/** Takes the same requests and throws them away. */
let control: Server;
const bearer = ({ token }: Account) => ({ authorization: `Bearer ${token}` });
const at = (service: string, path: string) => `${stack.urls[service]}${path}`;

beforeAll(async () => {
  const env = { ...process.env, NODE_ENV: "test", RATE_LIMITS: "on" };
  const services = ["auth", "ws-producer", "ws-consumer"] as const;
  stack = await startStack({ dataDir: await makeTempDir("flood"), services, env });
  [mallory, bob] = (await Promise.all(
    ["mallory", "bob"].map((username) => openAccount(stack.urls.auth as string, { username })),
  )) as [Account, Account];
  for (let i = 0; i < 30; i += 1)
    await postJson(at("ws-producer", `/api/v1/rooms/room-${i}/messages`), { body: "hello" }, bob.token);
  for (let i = 0; i < 30; i += 1)
    await postJson(at("ws-consumer", `/api/v1/rooms/room-${i}/join`), {}, mallory.token);
  control = createServer((request, response) => request.resume().on("end", () => response.end("{}")));
  control.listen(0, "127.0.0.1");
  await once(control, "listening");
}, 60_000);
afterAll(async () => {
  control?.close();
  await stack?.stop();
});

/** Floods an address while an innocent user reads history and sends. Times in ms, and the answers of the flood. */
async function beside(flood: Omit<Flood, "atOnce">) {
  const worker = new Worker(new URL("./flood-fixture.ts", import.meta.url), {
    workerData: { ...flood, atOnce: AT_ONCE } satisfies Flood,
  });
  await once(worker, "online");
  const times: number[] = [];
  const failed: string[] = [];
  const timed = async (ask: Promise<Response>) => {
    const start = performance.now();
    const { status } = await ask;
    times.push(performance.now() - start);
    if (status >= 300) failed.push(String(status));
  };
  const headers = { ...bearer(bob), "content-type": "application/json" };
  const asked: Promise<void>[] = [];
  const end = performance.now() + FLOOD_MS;
  for (let turn = 0; performance.now() < end; turn += 1) {
    asked.push(
      turn % 10 === 0
        ? timed(
            fetch(at("ws-producer", "/api/v1/rooms/quiet/messages"), {
              method: "POST",
              headers,
              body: '{"body":"hi"}',
            }),
          )
        : timed(fetch(at("ws-consumer", "/api/v1/rooms/room-1/messages?limit=10"), { headers })),
    );
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await Promise.all(asked);
  worker.postMessage("answers");
  const [answers] = (await once(worker, "message")) as [Record<string, number>];
  await worker.terminate();
  const p95 = times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] as number;
  return { p95, failed, answers };
}

it.each<[string, string, string, (Omit<Flood, "url" | "atOnce"> & { isAnonymous?: true })?]>([
  ["lists of rooms", "ws-consumer", "/api/v1/rooms?limit=200"],
  ["channels", "ws-consumer", "/api/v1/rooms?list=channels&limit=200"],
  ["counts of unread messages", "ws-consumer", "/api/v1/unread"],
  ["pages of history", "ws-consumer", "/api/v1/rooms/room-1/messages?limit=200"],
  ["searches", "ws-consumer", "/api/v1/search?q=hello"],
  ["changes", "ws-consumer", "/api/v1/rooms/room-2/leave", { method: "POST" }],
  ["messages", "ws-producer", "/api/v1/rooms/room-3/messages", { method: "POST", body: '{"body":"x"}' }],
  ["forged tokens", "ws-consumer", "/api/v1/rooms", { headers: { authorization: "Bearer e30.e30.e30" } }],
  ["no token", "ws-producer", "/api/v1/rooms/room-3/messages", { isAnonymous: true, method: "POST" }],
  ["paths that are not there", "ws-consumer", "/nowhere", { isAnonymous: true }],
  ["URLs that are none", "ws-producer", "/%", { isAnonymous: true }],
  ["documents", "ws-consumer", "/docs/asyncapi/renderer.js", { isAnonymous: true }],
  ["documents that are made", "ws-producer", "/docs/asyncapi.json", { isAnonymous: true }],
  ["own sessions", "auth", "/api/v1/sessions"],
])(
  "A: %s without end do not slow another user down",
  async (what, service, path, more = {}) => {
    const { isAnonymous, headers, ...rest } = more;
    const all = {
      ...(isAnonymous ? {} : bearer(mallory)),
      ...headers,
      ...(rest.body ? { "content-type": "application/json" } : {}),
    };
    const { p95, failed, answers } = await beside({ url: at(service, path), headers: all, ...rest });
    process.stdout.write(`| ${what} | ${JSON.stringify(answers)} | ${p95.toFixed(1)} ms |\n`);
    expect(failed).toEqual([]);
    if (p95 <= P95_MS) return;
    const { port } = control.address() as AddressInfo;
    const beyond = await beside({ url: `http://127.0.0.1:${port}/`, headers: all, ...rest });
    expect(p95).toBeLessThanOrEqual(2 * beyond.p95);
  },
  60_000,
);
