import { existsSync } from "node:fs";
import { asyncApiOf } from "@parley/protocol/asyncapi";
import { type App, buildHttp } from "@parley/runtime/http";
import { createLog } from "@parley/runtime/log";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addAsyncApiRoutes } from "./asyncapi-routes.ts";
import { LIMITS } from "./door-fixture.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

describe("the AsyncAPI routes", () => {
  let app: App;
  beforeAll(async () => {
    app = await buildHttp({
      service: "ws-producer",
      title: "Parley ws-producer",
      description: "",
      log: createLog("test", "silent"),
      checks: {},
      allowedOrigins: [],
      trustProxy: false,
      limits: LIMITS,
      bodyBytesMax: 1_024,
    });
    await addAsyncApiRoutes(app, (url) => asyncApiOf("producer", url));
  });
  afterAll(() => app.close());

  test("serve the document for the URL of the request", async () => {
    const answer = await app.inject({ url: "/docs/asyncapi.json", headers: { host: "chat.example.org" } });
    expect(answer.headers["content-type"]).toContain("application/json");
    expect(answer.json()).toEqual(
      JSON.parse(JSON.stringify(asyncApiOf("producer", "ws://chat.example.org"))),
    );
  });

  test("refuse a Host header that is not a host", async () => {
    const answer = await app.inject({ url: "/docs/asyncapi.json", headers: { host: "a b" } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "bad_request" });
  });

  test("serve a page whose policy forbids other origins and inline scripts", async () => {
    const { body, headers } = await app.inject("/docs/asyncapi");
    expect(headers["content-type"]).toContain("text/html");
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self' 'unsafe-eval'; /,
    );
    expect(body).not.toMatch(/https?:\/\//);
  });

  test("serve every file that the page loads", async () => {
    const { body } = await app.inject("/docs/asyncapi");
    const files = [...body.matchAll(/(?:src|href)="(asyncapi\/[^"]+)"/g)].map(([, file]) => `/docs/${file}`);
    expect(files).toHaveLength(3);
    for (const file of files) {
      const { statusCode, headers, rawPayload } = await app.inject(file);
      expect(statusCode).toBe(200);
      expect(headers["content-type"]).toContain(file.endsWith(".css") ? "text/css" : "text/javascript");
      expect(rawPayload.length).toBe(Number(headers["content-length"]));
      expect(rawPayload.length).toBeGreaterThan(100);
    }
  });

  test("do not hide Swagger UI", async () => {
    expect((await app.inject("/docs")).statusCode).toBe(200);
    await app.ready();
    expect(JSON.stringify(app.swagger())).not.toContain("/docs/asyncapi");
  });

  test.skipIf(!existsSync(CHROMIUM))(
    "render every frame in a browser within the page's own policy",
    async () => {
      const address = await app.listen({ port: 0, host: "127.0.0.1" });
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" ") });
      try {
        const page = await browser.newPage();
        const faults: string[] = [];
        page.on("pageerror", (error) => faults.push(error.message));
        page.on("console", (line) => line.type() === "error" && faults.push(line.text()));
        page.on("request", (request) => {
          if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
            faults.push(request.url());
        });
        await page.goto(`${address}/docs/asyncapi`);
        await page.getByText("Operations", { exact: true }).last().waitFor();
        const text = await page.innerText("#asyncapi");
        for (const type of ["message", "ack", "stored", "hello", "error"])
          expect(text).toContain(`\n${type}\n`);
        expect(faults).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
