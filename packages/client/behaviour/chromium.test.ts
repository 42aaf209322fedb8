import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestBrowser } from "./browser-fixture.ts";
import type { TestPage } from "./browser-page.tsx";
import { pause } from "./recording-fixture.ts";
import { Services, until } from "./stack-fixture.ts";

declare const page: TestPage;

let services: Services;
let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
  services = await Services.start({ env: { ...process.env, ALLOWED_ORIGINS: browser.origin } });
});
afterAll(async () => {
  await browser?.stop();
  await services?.stop();
});

const texts = (tab: Page, room: string) => tab.evaluate((id) => page.texts(id) ?? [], room);
const state = (tab: Page) => tab.evaluate(() => page.state());
const signIn = (tab: Page, { username, password }: { username: string; password: string }) =>
  tab.evaluate((who) => page.parley?.session.signIn(who), { username, password });

it("S1 S15 a React component in strict mode opens one pair of sockets and authenticates by first frame", async () => {
  const person = await services.person();
  const tab = await browser.tab(await browser.context());
  await tab.evaluate(([url]) => page.render(url, "react"), [services.url] as const);
  await until("signed out", async () => (await state(tab)) === "signed_out");
  await signIn(tab, person);
  await until("on line", async () => (await state(tab)) === "online");
  await tab.fill("input", "from React");
  await tab.press("input", "Enter");
  await tab.waitForSelector(`li >> text=${person.username}: from React`);
  expect(await tab.evaluate(() => page.opened())).toBe(2);
  const frames = await tab.evaluate(() => page.frames().map((text) => JSON.parse(text).type));
  expect(frames.slice(0, 2)).toEqual(["auth", "auth"]);
  expect(frames.filter((type) => type === "resume" || type === "subscribe")).toHaveLength(1);
  await tab.context().close();
});

it("S8 the page of the example keeps what is not sent over a reload, and the session in its cookie", async () => {
  const person = await services.person();
  const tab = await browser.tab(await browser.context());
  const show = () => tab.evaluate(([url]) => page.showRoom(url, "page"), [services.url] as const);
  await show();
  await until("signed out", async () => (await state(tab)) === "signed_out");
  await signIn(tab, person);
  await until("on line", async () => (await state(tab)) === "online");
  for (const proxy of services.proxies) proxy.cut();
  await tab.fill("input", "kept");
  await tab.press("input", "Enter");
  await tab.waitForSelector("li >> text=… kept");
  await pause(200);
  await tab.reload();
  for (const proxy of services.proxies) proxy.heal();
  await tab.waitForFunction(() => "page" in globalThis);
  await show();
  await tab.waitForSelector(`li >> text=${person.username}: kept`);
  const history = await services.stack.history("page", person.token);
  expect(history.map(({ body }) => body)).toEqual(["kept"]);
  await tab.context().close();
});

it("S7 pagehide closes both sockets and pageshow connects at once", async () => {
  const { token } = await services.person();
  const tab = await browser.tab(await browser.context());
  await tab.evaluate(([url, known]) => void page.open(url, "s7", false, known), [
    services.url,
    token,
  ] as const);
  await until("on line", async () => (await state(tab)) === "online");
  await tab.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  expect(await tab.evaluate(() => page.sockets())).toBe(0);
  await tab.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  expect(await tab.evaluate(() => page.opened() - page.sockets())).toBe(2);
  await until("on line again", async () => (await state(tab)) === "online");
  await tab.context().close();
});

it("S10 12 tabs have one pair of sockets; the leader closed or frozen, another leads and nothing is missed", async () => {
  const { token } = await services.person();
  const context = await browser.context();
  const tabs: Page[] = [];
  for (let i = 0; i < 12; i += 1) {
    const tab = await browser.tab(context);
    await tab.evaluate(([url, known]) => void page.open(url, "s10", true, known), [
      services.url,
      token,
    ] as const);
    tabs.push(tab);
  }
  const sum = async (open: Page[], what: "sockets" | "leads") => {
    const counts = await Promise.all(open.map((tab) => tab.evaluate((name) => page[name](), what)));
    return counts.reduce((total, count) => total + count, 0);
  };
  const allHave = (open: Page[], count: number) =>
    until(`${count} messages everywhere`, async () =>
      (await Promise.all(open.map((tab) => texts(tab, "s10")))).every((one) => one.length === count),
    );
  const say = (tab: Page, text: string) =>
    tab.evaluate((body) => page.parley?.rooms.get("s10").send(body).stored(), text);
  const leaderOf = async (open: Page[]) => {
    const sockets = await Promise.all(open.map((tab) => tab.evaluate(() => page.sockets())));
    return open[sockets.indexOf(2)] as Page;
  };
  await until("all are on line", async () =>
    (await Promise.all(tabs.map(state))).every((one) => one === "online"),
  );
  expect(await sum(tabs, "sockets")).toBe(2);
  expect(await sum(tabs, "leads")).toBe(1);
  await say(tabs[3] as Page, "one");
  await allHave(tabs, 1);

  const first = await leaderOf(tabs);
  let others = tabs.filter((tab) => tab !== first);
  await first.close();
  await until("another leads", async () => (await sum(others, "leads")) >= 1, 2_000);
  await say(others[0] as Page, "two");
  await allHave(others, 2);

  const second = await leaderOf(others);
  others = others.filter((tab) => tab !== second);
  const devtools = await context.newCDPSession(second);
  // Nothing runs in a page that the debugger has stopped; it keeps its lock.
  await devtools.send("Debugger.enable");
  await devtools.send("Debugger.pause");
  await until("a third one leads", async () => (await sum(others, "leads")) >= 1, 3_000);
  await say(others[0] as Page, "three");
  await allHave(others, 3);
  expect(await sum(others, "sockets")).toBe(2);
  await devtools.send("Debugger.resume");
  await allHave([...others, second], 3);
  await until("the old leader follows", async () => (await sum([...others, second], "sockets")) === 2);
  await context.close();
});
