import { connect } from "node:net";
import { Type } from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, buildHttp } from "./http.ts";
import { createLog } from "./log.ts";

const ORIGIN = "http://page.example";
let app: App;
let url: string;

beforeAll(async () => {
  app = await buildHttp({
    service: "test",
    title: "test",
    description: "test",
    log: createLog("test", "silent"),
    checks: {},
    allowedOrigins: [ORIGIN],
    trustProxy: false,
    limits: { isLimited: true, connectionsPerAddress: 1_000, workPerSecond: 100, isProxy: () => false },
    bodyBytesMax: 1_000,
    tooLargePaths: ["/body"],
  });
  const Body = Type.Object({
    body: Type.String({ maxLength: 10 }),
    title: Type.Optional(Type.String({ maxLength: 10 })),
  });
  app.post("/things/:thing", { schema: { body: Body } }, async ({ body }) => ({ data: body }));
  app.delete("/things/:thing", async () => ({ data: {} }));
  app.get(
    "/things/:thing",
    { schema: { params: Type.Object({ thing: Type.String({ maxLength: 64 }) }) } },
    async () => ({ data: {} }),
  );
  app.post("/optional", { schema: { body: Type.Union([Body, Type.Null()]) } }, async ({ body }) => ({
    data: body,
  }));
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => await app?.close());

type Init = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> };
const ask = async (path: string, init: Init = {}) => {
  const answer = await fetch(`${url}${path}`, init);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    headers: answer.headers,
    body: (isJson ? JSON.parse(text) : text) as { code?: string; path?: string; data?: unknown },
  };
};
const json = { "content-type": "application/json" };
const post = (
  body: string | Uint8Array<ArrayBuffer>,
  path = "/things/1",
  headers: Record<string, string> = json,
) => ask(path, { method: "POST", headers, body });

/** Sends bytes and reads what comes until the end. */
const raw = (bytes: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.end(bytes, "latin1"));
    let text = "";
    socket
      .on("data", (data) => (text += data))
      .on("close", () => resolve(text))
      .on("error", reject);
  });

describe("a body", () => {
  it("that is not UTF-8 is refused, and nothing is put in its place", async () => {
    const latin1 = Uint8Array.from(Buffer.from('{"body":"caf\xe9"}', "latin1"));
    expect(await post(latin1)).toMatchObject({ status: 400, body: { code: "bad_encoding" } });
    expect(await post('{"body":"café"}')).toMatchObject({ status: 200, body: { data: { body: "café" } } });
  });

  it("that is optional may be absent whatever the content type says", async () => {
    expect(await ask("/optional", { method: "POST", headers: json })).toMatchObject({ status: 200 });
    expect(await ask("/optional", { method: "POST" })).toMatchObject({ status: 200 });
    expect(await ask("/things/1", { method: "DELETE", headers: json })).toMatchObject({ status: 200 });
    expect(await ask("/things/1", { method: "POST", headers: json })).toMatchObject({
      status: 400,
      body: { code: "bad_frame" },
    });
  });

  it("whose text is too long is too_large where the socket says so, else bad_frame", async () => {
    const long = "x".repeat(11);
    expect(await post(JSON.stringify({ body: long }))).toMatchObject({
      status: 413,
      body: { code: "too_large", path: "/body" },
    });
    expect(await post(JSON.stringify({ body: "x", title: long }))).toMatchObject({
      status: 400,
      body: { code: "bad_frame", path: "/title" },
    });
  });

  it.each([
    ["no JSON", "{", json, 400, "bad_json"],
    ["too many bytes", `"${"x".repeat(2_000)}"`, json, 413, "too_large"],
    [
      "another type",
      "body=x",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "unsupported_media_type",
    ],
    ["plain text", "x", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["a field of no schema's type", '{"body":1}', json, 400, "bad_frame"],
  ])("that is %s is a problem", async (_what, body, headers, status, code) => {
    const answer = await post(body, "/things/1", headers as Record<string, string>);
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.type).toContain("application/problem+json");
  });
});

describe("a request that no route takes is a problem", () => {
  it.each([
    ["an unknown path", "/nowhere", "GET", 404, "not_found"],
    ["a malformed path", "/things/%", "GET", 400, "bad_encoding"],
    ["a path that is not UTF-8", "/things/%FF", "GET", 400, "bad_encoding"],
    ["a query that is not UTF-8", "/things/1?q=%E9", "GET", 400, "bad_encoding"],
    ["a parameter of over 100 characters", `/things/${"x".repeat(101)}`, "GET", 400, "bad_frame"],
    ["another method", "/things/1", "PUT", 405, "method_not_allowed"],
    ["a method of other protocols", "/things/1", "PROPFIND", 405, "method_not_allowed"],
  ])("%s", async (_what, path, method, status, code) => {
    const answer = await ask(path, { method });
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.type).toContain("application/problem+json");
    if (status === 405) expect(answer.headers.get("allow")).toBe("DELETE, GET, HEAD, POST");
  });

  it.each([
    ["no HTTP", "GET / FTP/1.0\r\n\r\n", 400],
    ["a method that HTTP has not", "FROB / HTTP/1.1\r\nhost: x\r\n\r\n", 405],
    ["CONNECT", "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n", 405],
    ["no host", "GET /things/1 HTTP/1.1\r\n\r\n", 400],
    ["two hosts", "GET /things/1 HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n", 400],
    ["another expectation", "GET /nowhere HTTP/1.1\r\nhost: x\r\nexpect: more\r\n\r\n", 404],
    ["headers that are too long", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ])("%s", async (_what, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain("application/problem+json");
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ status });
    if (status === 405) expect(answer).toMatch(/\r\nAllow: /);
  });
});

describe("CORS", () => {
  const preflight = (path: string, method: string) =>
    ask(path, { method: "OPTIONS", headers: { origin: ORIGIN, "access-control-request-method": method } });

  it("answers the methods of each route", async () => {
    const methods = async (path: string) =>
      (await preflight(path, "DELETE")).headers.get("access-control-allow-methods");
    expect(await methods("/things/1")).toBe("DELETE, GET, HEAD, POST");
    expect(await methods("/optional?x=1")).toBe("POST");
  });

  it("lets pages read how long to wait", async () => {
    const { headers } = await ask("/health/live", { headers: { origin: ORIGIN } });
    expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(headers.get("access-control-expose-headers")).toMatch(/RateLimit-Reset, Retry-After/);
  });

  it("lets no other page in", async () => {
    const { headers } = await ask("/health/live", { headers: { origin: "http://other.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is the same where a proxy offers another protocol", async () => {
    for (const method of ["GET", "OPTIONS"] as const) {
      const { statusCode, headers } = await app.inject({
        method,
        url: "/health/live",
        headers: { origin: ORIGIN, upgrade: "h2c", connection: "Upgrade" },
      });
      expect(statusCode).toBeLessThan(300);
      expect(headers["access-control-allow-origin"]).toBe(ORIGIN);
    }
  });
});
