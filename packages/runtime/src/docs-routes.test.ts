import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, buildHttp } from "./http.ts";
import { createLog } from "./log.ts";

let app: App;
beforeAll(async () => {
  app = await buildHttp({
    service: "test",
    title: "Test & more",
    description: "`what` it does [and how](/there)",
    log: createLog("test", "silent"),
    checks: {},
    allowedOrigins: [],
    trustProxy: false,
    limits: { isLimited: true, connectionsPerAddress: 100, workPerSecond: 100, isProxy: () => false },
    publicPrefix: "/auth",
    bodyBytesMax: 1_000,
  });
  app.get("/whoami", async ({ url }) => ({ url }));
});
afterAll(async () => await app?.close());

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

describe("A: documents", () => {
  it.each([
    ["/docs/", "text/html"],
    ["/docs/json", "application/json"],
    ["/docs/yaml", "yaml"],
    ["/docs/static/swagger-ui-bundle.js", "javascript"],
    ["/docs/static/swagger-ui.css", "text/css"],
  ])("%s is compressed once, kept, and not sent to whom has it", async (url, type) => {
    const first = await get(url);
    expect(first.statusCode).toBe(200);
    expect(first.headers["cache-control"]).toMatch(/^public, max-age=\d+$/);
    const etag = String(first.headers.etag);
    for (const headers of [{}, { "accept-encoding": "br, gzip" }]) {
      const again = await get(url, headers);
      expect(again).toMatchObject({ statusCode: 200, headers: { etag, vary: "Origin, Accept-Encoding" } });
      expect(String(again.headers["content-type"])).toContain(type);
      expect(String(again.headers["content-security-policy"])).toContain("object-src 'none'");
      const isZipped = again.headers["content-encoding"] === "gzip";
      expect(isZipped).toBe("accept-encoding" in headers);
      expect(isZipped ? gunzipSync(again.rawPayload) : again.rawPayload).toEqual(first.rawPayload);
      expect(Number(again.headers["content-length"])).toBe(again.rawPayload.length);
    }
    const known = await get(url, { "if-none-match": etag });
    expect(known).toMatchObject({ statusCode: 304, headers: { etag } });
    expect(known.rawPayload).toHaveLength(0);
  });

  it("has the mark of Parley, and not Fastify's", async () => {
    const icon = await get("/docs/static/theme/mark.svg");
    expect([icon.statusCode, icon.headers["content-type"]]).toEqual([200, "image/svg+xml"]);
    expect((await get("/docs/static/swagger-initializer.js")).body).toContain(
      Buffer.from(icon.body).toString("base64"),
    );
    expect((await get("/docs/")).body).toContain("static/theme/mark.svg");
  });

  it("sends a compressed one at the first request too", async () => {
    const { headers, rawPayload } = await get("/docs/static/swagger-ui-standalone-preset.js", {
      "accept-encoding": "gzip",
    });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(rawPayload).length).toBeGreaterThan(rawPayload.length);
  });

  it("answers HEAD, and 404 where there is none", async () => {
    expect(await app.inject({ method: "HEAD", url: "/docs/json" })).toMatchObject({ statusCode: 200 });
    expect((await get("/docs/static/nothing.js")).statusCode).toBe(404);
  });
});

describe("C: behind an edge", () => {
  it.each([
    ["/whoami", "/whoami"],
    ["/auth/whoami", "/whoami"],
    ["/auth/whoami?x=/auth", "/whoami?x=/auth"],
  ])("that keeps or strips the prefix, %s is %s", async (asked, url) => {
    expect((await get(asked)).json()).toEqual({ url });
  });

  it("takes only the whole prefix off", async () => {
    expect((await get("/authority")).statusCode).toBe(404);
    expect((await get("/auth")).statusCode).toBe(200);
    expect((await get("/auth/auth/whoami")).statusCode).toBe(404);
  });

  it("documents and pages follow", async () => {
    expect((await get("/docs/json")).json().servers).toEqual([{ url: "/auth" }]);
    expect((await get("/docs")).body).toContain('src="/auth/docs/static/');
    expect((await get("/docs/")).body).toContain('src="./static/');
  });
});

it.each(["/auth", "/auth/"])(
  "C: has a page at %s for people, whose links stay behind the edge",
  async (url) => {
    const { body, headers } = await get(url);
    expect(headers["content-type"]).toContain("text/html");
    expect(body).toContain("<h1>Test &#38; more</h1>");
    expect(body).toContain("<p>what it does and how</p>");
    for (const [, href] of body.matchAll(/href="([^"]+)"/g)) {
      const { pathname } = new URL(String(href), `http://edge.example${url}`);
      expect(pathname).toMatch(/^\/auth\//);
      expect((await get(pathname)).statusCode).toBe(200);
    }
  },
);
