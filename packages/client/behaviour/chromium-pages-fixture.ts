import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestPage } from "./browser-page.tsx";
import { openTab, stateOf } from "./chromium-fixture.ts";
import { pause } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { until } from "./stack-fixture.ts";

declare const page: TestPage;

const signIn = (tab: Page, { username, password }: { username: string; password: string }) =>
  tab.evaluate((who) => page.parley?.session.signIn(who), { username, password });

it("Chromium: S1 S15 a React component in strict mode opens one pair of sockets and authenticates by first frame", async () => {
  const person = await services.person();
  const tab = await openTab();
  await tab.evaluate(([url]) => page.render(url, "react"), [services.url] as const);
  await until("signed out", async () => (await stateOf(tab)) === "signed_out");
  await signIn(tab, person);
  await until("on line", async () => (await stateOf(tab)) === "online");
  await tab.fill("input", "from React");
  await tab.press("input", "Enter");
  await tab.waitForSelector(`li >> text=${person.username}: from React`);
  expect(await tab.evaluate(() => page.opened())).toBe(2);
  const typesOf = (texts: string[]) => texts.map((text) => JSON.parse(text).type);
  expect(typesOf(await tab.evaluate(() => page.firstFrames()))).toEqual(["auth", "auth"]);
  const frames = typesOf(await tab.evaluate(() => page.frames()));
  expect(frames.filter((type) => type === "resume" || type === "subscribe")).toHaveLength(1);
  await tab.context().close();
});

it("Chromium: S8 the page of the example keeps what is not sent over a reload, and the session in its cookie", async () => {
  const person = await services.person();
  const tab = await openTab();
  const show = () => tab.evaluate(([url]) => page.showRoom(url, "page"), [services.url] as const);
  await show();
  await until("signed out", async () => (await stateOf(tab)) === "signed_out");
  await signIn(tab, person);
  await until("on line", async () => (await stateOf(tab)) === "online");
  services.down();
  await tab.fill("input", "kept");
  await tab.press("input", "Enter");
  await tab.waitForSelector("li >> text=… kept");
  await pause(200);
  await tab.reload();
  services.up();
  await tab.waitForFunction(() => "page" in globalThis);
  await show();
  await tab.waitForSelector(`li >> text=${person.username}: kept`);
  const history = await services.stack.history("page", person.token);
  expect(history.map(({ body }) => body)).toEqual(["kept"]);
  await tab.context().close();
});

it("Chromium: S7 pagehide closes both sockets and pageshow connects at once", async () => {
  const { token } = await services.person();
  const tab = await openTab();
  await tab.evaluate(([url, known]) => void page.client(url, known).rooms.get("s7").open(), [
    services.url,
    token,
  ] as const);
  await until("on line", async () => (await stateOf(tab)) === "online");
  await tab.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  expect(await tab.evaluate(() => page.sockets())).toBe(0);
  await tab.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  expect(await tab.evaluate(() => page.opened() - page.sockets())).toBe(2);
  await until("on line again", async () => (await stateOf(tab)) === "online");
  await tab.context().close();
});
