import { afterAll, beforeAll } from "vitest";
import { PageServer, TestBrowser } from "./browser-fixture.ts";
import { Services } from "./stack-fixture.ts";

/** The services and the browser that all tests share: starting them takes as long as many of the tests. */
export let services: Services;
export let browser: TestBrowser;
beforeAll(async () => {
  const pages = await PageServer.start();
  const env = { ...process.env, ALLOWED_ORIGINS: pages.origin, ADMIN_USERNAME: "boss" };
  [services, browser] = await Promise.all([Services.start({ env }), TestBrowser.start(pages)]);
});
afterAll(async () => {
  await browser?.stop();
  await services?.stop();
});
