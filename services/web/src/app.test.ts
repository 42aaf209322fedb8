import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeTempDir } from "@parley/devstack/temp-dir";
import { readLimits } from "@parley/runtime/limits";
import { createLog } from "@parley/runtime/log";
import { readTrustProxy } from "@parley/runtime/trust-proxy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAddresses, apiOrigins } from "./api-addresses.ts";
import { buildApp } from "./app.ts";
import { readPage } from "./page.ts";

const PORTS: ApiAddresses = { auth: 1080, send: 1081, listen: 1082 };
const SCRIPT = "console.log('hello')";
const limits = readLimits({
  NODE_ENV: "test",
  RATE_LIMITS: "off",
  CONNECTIONS_PER_ADDRESS: 10,
  WORK_PER_SECOND: 100,
  TRUST_PROXY: "",
});

async function appWith(api: ApiAddresses) {
  const folder = await makeTempDir("page");
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), '<meta name="parley-api" content="__API__">');
  await writeFile(join(folder, "sw.js"), SCRIPT);
  await writeFile(join(folder, ".secret"), "no");
  await writeFile(join(folder, "assets/index-1.js"), SCRIPT);
  await writeFile(join(folder, "assets/index-1.js.gz"), gzipSync(SCRIPT));
  const log = createLog("web", "silent");
  return buildApp({ page: await readPage(folder, api), api, limits, trustProxy: readTrustProxy(""), log });
}

let app: Awaited<ReturnType<typeof appWith>>;
beforeAll(async () => {
  app = await appWith(PORTS);
});
afterAll(() => app.close());
const get = (url: string, headers = {}) => app.inject({ url, headers });

describe("the page", () => {
  test("W12 its document names the services, whose hosts follow the page's own", async () => {
    const { headers, body, statusCode } = await get("/r/general/7", { host: "192.168.1.5:8083" });
    expect([statusCode, headers["cache-control"]]).toEqual([200, "no-cache"]);
    expect(body).toContain("{&quot;auth&quot;:1080,&quot;send&quot;:1081,&quot;listen&quot;:1082}");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("http://192.168.1.5:1082 ws://192.168.1.5:1082");
    for (const part of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"])
      expect(policy.split("; ")).toContain(part);
  });

  test("a host that is none cannot add to the policy", () => {
    expect(apiOrigins(PORTS, "http", "x; script-src *")[0]).toBe("http://localhost:1080");
    expect(apiOrigins("https://chat.example", "http", "x")).toEqual([
      "https://chat.example",
      "wss://chat.example",
    ]);
  });

  test("files whose names change with their content stay, compressed as asked for; others are asked about", async () => {
    const asset = await get("/assets/index-1.js", { "accept-encoding": "gzip" });
    expect(asset.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(asset.headers["content-encoding"]).toBe("gzip");
    expect((await get("/assets/index-1.js")).body).toBe(SCRIPT);
    expect((await get("/sw.js")).headers["cache-control"]).toBe("no-cache");
  });

  test.each(["/assets/none.js", "/none.js", "/.secret", "/assets/..%2f.secret", "/assets/%2e%2e/.secret"])(
    "there is no %s",
    async (url) => {
      const { statusCode, headers } = await get(url);
      expect(statusCode).toBeGreaterThanOrEqual(400);
      expect(headers["content-type"]).toContain("application/problem+json");
    },
  );

  test("its health is told as by the others", async () => {
    expect((await get("/health")).json()).toMatchObject({ status: "healthy", service: "web" });
    expect((await get("/health/ready")).statusCode).toBe(200);
  });
});

test("a page that was not built says how to build it", async () => {
  await expect(readPage(await makeTempDir("none"), PORTS)).rejects.toThrow("make install");
});
