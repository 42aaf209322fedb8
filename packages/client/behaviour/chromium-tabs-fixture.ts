import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestPage } from "./browser-page.tsx";
import { stateOf, textsIn } from "./chromium-fixture.ts";
import { browser, services } from "./running-fixture.ts";
import { until } from "./stack-fixture.ts";

declare const page: TestPage;

it("Chromium: S10 12 tabs have one pair of sockets; the leader killed or frozen, another leads and nothing is missed", async () => {
  const { token } = await services.person();
  const context = await browser.context();
  const tabs: Page[] = [];
  for (let i = 0; i < 12; i += 1) {
    const tab = await browser.tab(context);
    await tab.evaluate(
      ([url, known]) => void page.client(url, known, { isShared: true }).rooms.get("s10-chromium").open(),
      [services.url, token] as const,
    );
    tabs.push(tab);
  }
  const sum = async (open: Page[], what: "sockets" | "leads") => {
    const counts = await Promise.all(open.map((tab) => tab.evaluate((name) => page[name](), what)));
    return counts.reduce((total, count) => total + count, 0);
  };
  const allHave = (open: Page[], count: number) =>
    until(`${count} messages everywhere`, async () =>
      (await Promise.all(open.map((tab) => textsIn(tab, "s10-chromium")))).every(
        (one) => one.length === count,
      ),
    );
  const say = (tab: Page, text: string) =>
    tab.evaluate((body) => page.parley?.rooms.get("s10-chromium").send(body).stored(), text);
  const leaderOf = async (open: Page[]) => {
    const sockets = await Promise.all(open.map((tab) => tab.evaluate(() => page.sockets())));
    return open[sockets.indexOf(2)] as Page;
  };
  await until("all are on line", async () =>
    (await Promise.all(tabs.map(stateOf))).every((one) => one === "online"),
  );
  expect(await sum(tabs, "sockets")).toBe(2);
  expect(await sum(tabs, "leads")).toBe(1);
  await say(tabs[3] as Page, "one");
  await allHave(tabs, 1);

  const first = await leaderOf(tabs);
  let others = tabs.filter((tab) => tab !== first);
  // Its process ends without a farewell: no `pagehide`, no released lock but by the browser.
  const crash = await context.newCDPSession(first);
  crash.send("Page.crash").catch(() => undefined);
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
