import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, buildHttp } from "./http.ts";
import { createLog } from "./log.ts";
import { Problem } from "./problem.ts";
import { REQUESTS_AT_ONCE, REQUESTS_WAITING_MAX } from "./requests-at-once.ts";
import { chargeDone } from "./user-limits.ts";

/** Little, so that budgets are soon empty: an address has 20 × 10 s of it, a user 2 × 10 s. */
const WORK_PER_SECOND = 1;
const USER_BURST = 20;
const ADDRESS_BURST = 200;
/** A quarter of a user's budget, a fifth of an address'. */
const DEAR = 5;
const PUBLIC = 40;

let app: App;
let verified = 0;
let parsed = 0;
const held: (() => void)[] = [];

beforeAll(async () => {
  app = await buildHttp({
    service: "test",
    title: "test",
    description: "test",
    log: createLog("test", "silent"),
    checks: {},
    allowedOrigins: ["http://page.example"],
    trustProxy: ["127.0.0.1"],
    limits: {
      isLimited: true,
      connectionsPerAddress: 1_000,
      workPerSecond: WORK_PER_SECOND,
      isProxy: (address) => address === "127.0.0.1",
    },
    authenticate: async ({ headers }) => {
      verified += 1;
      if (headers.authorization === undefined) throw new Problem(401, "unauthenticated", "send a token");
      return { userId: headers.authorization };
    },
    bodyBytesMax: 1_000,
  });
  app.addHook("preValidation", async () => {
    parsed += 1;
  });
  const schema = { security: [{ bearer: [] }] };
  app.get("/cheap", { schema }, async () => ({}));
  app.get("/dear", { schema, config: { cost: DEAR } }, async () => ({}));
  app.post("/dear", { schema, config: { cost: DEAR } }, async () => ({}));
  const cost = ({ query }: { query: unknown }) => Number((query as { limit: string }).limit);
  app.get("/list", { schema, config: { cost } }, async () => ({}));
  app.get("/surprise", { schema }, async (request) => {
    chargeDone(request, USER_BURST);
    return {};
  });
  app.get(
    "/slow",
    { schema, config: { cost: 0.1 } },
    async () => await new Promise((resolve) => held.push(() => resolve({}))),
  );
  app.get("/public", { config: { cost: PUBLIC } }, async () => ({}));
  await app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => await app?.close());

let fresh = 0;
/** An address that has not been seen yet. */
const address = () => `10.0.${Math.floor(++fresh / 250)}.${fresh % 250}`;

const ask = async (path: string, from: string, user?: string, method = "GET", payload?: object) => {
  const headers = { "x-forwarded-for": from, origin: "http://page.example" };
  const answer = await app.inject({
    method: method as "GET",
    url: path,
    headers: { ...headers, ...(user === undefined ? {} : { authorization: user }) },
    ...(payload ? { payload } : {}),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.body === "" ? {} : answer.json(),
  };
};
const repeat = async (times: number, path: string, from: string, user?: string, method?: string) => {
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  for (let i = 0; i < times; i += 1) answers.push(await ask(path, from, user, method));
  return answers;
};
const REFUSED = { status: 429, body: { code: "rate_limited", retryAfterMs: expect.any(Number) } };

describe("A: a user's budget", () => {
  it.each([
    ["a constant cost", "/dear", 4],
    ["a list by what it reads", "/list?limit=10", 2],
    ["what was known only when it was done", "/surprise", 1],
  ])("pays %s; then others are served, and the user is not", async (_what, path, times) => {
    const user = `mallory of ${path}`;
    const answers = await repeat(times, path, address(), user);
    expect(answers.map(({ status }) => status)).toEqual(Array(times).fill(200));
    const refused = await ask(path, address(), user);
    expect(refused).toMatchObject(REFUSED);
    expect(Number(refused.headers["retry-after"])).toBe(Math.ceil(refused.body.retryAfterMs / 1_000));
    expect(refused.headers["access-control-expose-headers"]).toMatch(/RateLimit-Reset, Retry-After/);
    expect(await ask(path, address(), "alice")).toMatchObject({ status: 200 });
  });

  it("is told in the headers of the draft", async () => {
    const { headers } = await ask("/dear", address(), "bob");
    expect(headers).toMatchObject({
      "ratelimit-limit": String(USER_BURST),
      "ratelimit-remaining": String(USER_BURST - DEAR),
      // What is missing comes back at twice the rate of a socket.
      "ratelimit-reset": String(Math.ceil(DEAR / (2 * WORK_PER_SECOND))),
    });
  });

  it("refuses before the body is read", async () => {
    await repeat(4, "/dear", address(), "eve");
    const before = parsed;
    expect(await ask("/dear", address(), "eve", "POST", { a: 1 })).toMatchObject(REFUSED);
    expect(parsed).toBe(before);
  });
});

describe("A: an address' budget", () => {
  it.each([
    ["a public route", "/public", "GET", ADDRESS_BURST / PUBLIC],
    ["a path that is not there", "/nowhere", "GET", ADDRESS_BURST],
    ["a method that is not there", "/public", "PUT", ADDRESS_BURST],
    ["preflights", "/public", "OPTIONS", ADDRESS_BURST],
    ["tokens that are refused", "/cheap", "GET", ADDRESS_BURST],
    ["health", "/health/live", "GET", ADDRESS_BURST],
  ])("pays for %s, and other addresses are served", async (_what, path, method, times) => {
    const from = address();
    const answers = await repeat(times, path, from, undefined, method);
    expect(answers.filter(({ status }) => status === 429)).toEqual([]);
    let before = verified;
    let answer = await ask(path, from, undefined, method);
    for (let i = 0; i < times && answer.status !== 429; i += 1) {
      before = verified;
      answer = await ask(path, from, undefined, method);
    }
    expect(answer).toMatchObject(REFUSED);
    expect(verified).toBe(before);
    expect((await ask(path, address(), undefined, method)).status).not.toBe(429);
  });

  it("is one for a /64 of IPv6", async () => {
    await repeat(ADDRESS_BURST / PUBLIC, "/public", "2001:db8::1");
    expect(await ask("/public", "2001:db8::2")).toMatchObject(REFUSED);
  });
});

describe("A: requests at once", () => {
  it("are few for a user: some wait, more are refused, and others are served", async () => {
    const many = REQUESTS_AT_ONCE + REQUESTS_WAITING_MAX;
    const before = verified;
    const asked = Array.from({ length: many }, () => ask("/slow", address(), "carol"));
    // Pauses, for a process that spins counts as overloaded, and answers so.
    while (held.length < REQUESTS_AT_ONCE || verified < before + many) await sleep(10);
    await sleep(10);
    expect(await ask("/slow", address(), "carol")).toMatchObject(REFUSED);
    expect(held.length).toBe(REQUESTS_AT_ONCE);
    expect(await ask("/cheap", address(), "dave")).toMatchObject({ status: 200 });
    for (let i = 0; i < many; i += 1) {
      while (held.length === 0) await sleep(10);
      held.shift()?.();
    }
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(many).fill(200));
    expect(await ask("/cheap", address(), "carol")).toMatchObject({ status: 200 });
  });
});

it("A: an address that goes on when it is refused is cut off, also when it connects", async () => {
  const { port } = app.server.address() as { port: number };
  const flood = (localAddress: string) =>
    new Promise<number>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress });
      let bytes = 0;
      socket.on("data", (data) => (bytes += data.length));
      socket.on("error", () => undefined).on("close", () => resolve(bytes));
      const request = "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n".repeat(100);
      const timer = setInterval(() => socket.write(request), 1);
      socket.on("close", () => clearInterval(timer));
    });
  expect(await flood("127.0.0.2")).toBeGreaterThan(0);
  expect(await flood("127.0.0.2")).toBe(0);
  expect((await ask("/public", address())).status).toBe(200);
});

it("A: a process whose event loop is late refuses, and is well again a look later; one that is idle refuses nobody", async () => {
  await sleep(1_200);
  expect((await ask("/cheap", address(), "erin")).status).toBe(200);
  const work = async () => {
    const until = performance.now() + 1_600;
    while (performance.now() < until);
    await sleep(1);
  };
  await work();
  expect((await ask("/cheap", address(), "erin")).status).toBe(200);
  await work();
  expect(await ask("/cheap", address(), "erin")).toMatchObject({
    status: 503,
    body: { code: "overloaded", retryAfterMs: 1_000 },
  });
  expect((await ask("/health/live", address())).status).toBe(200);
  await sleep(600);
  expect((await ask("/cheap", address(), "erin")).status).toBe(200);
});
