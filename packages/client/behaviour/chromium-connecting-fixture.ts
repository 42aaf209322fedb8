import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { TestPage } from "./browser-page.tsx";
import { openClient, openTab, stateOf, textsIn, untilState } from "./chromium-fixture.ts";
import { pause } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { until } from "./stack-fixture.ts";

declare const page: TestPage;

/** Clients in one page that are cut at once. Chromium delays sockets by seconds if more than 16 of a page connect. */
const CLIENTS = 6;

const isOffline = (tab: Page) =>
  tab.evaluate(() => !page.parley?.status.value.canSend && !page.parley?.status.value.canHear);
/** Lets the page's clock go on until its client is on line. */
async function advanceUntilOnline(tab: Page): Promise<void> {
  for (let i = 0; i < 20 && (await stateOf(tab)) !== "online"; i += 1) {
    await tab.evaluate(() => page.clock.advance(2_000));
    await pause(50);
  }
  expect(await stateOf(tab)).toBe("online");
}

it("Chromium: S2 clients that are cut at once come back spread over the window", async () => {
  const { token } = await services.person();
  const tab = await openTab();
  await tab.evaluate(
    ([url, known, count]) => {
      for (let i = 0; i < count; i += 1) page.client(url, known).connect();
    },
    [services.url, token, CLIENTS] as const,
  );
  const areOnline = () =>
    tab.evaluate(() => page.clients.every(({ status }) => status.value.state === "online"));
  await until("all are on line", areOnline);
  services.cut();
  const delays = () =>
    tab.evaluate(() =>
      page.entries
        .filter(({ event, failures }) => event === "retry" && failures === 1)
        .map(({ delayMs }) => Number(delayMs)),
    );
  await until("all were cut", async () => (await delays()).length >= 2 * CLIENTS);
  await until("all are back", areOnline);
  const fair = (2 * CLIENTS) / 5;
  for (let fifth = 0; fifth < 5; fifth += 1) {
    const count = (await delays()).filter((ms) => Math.floor(ms / 200) === fifth).length;
    expect(Math.abs(count - fair)).toBeLessThan(5 * Math.sqrt(fair));
  }
  await tab.context().close();
});

it("Chromium: S3 woken with an expired token it renews before any auth; a failed renewal is a failed attempt", async () => {
  const { token } = await services.person();
  const tab = await openClient("s3", token, { isClocked: true });
  services.down();
  await until("cut", () => isOffline(tab));
  services.up();
  await tab.evaluate(() => {
    page.story.length = 0;
    page.isRenewalFailing = true;
    page.clock.sleep(16 * 60_000);
  });
  await until("the renewal failed", () => tab.evaluate(() => page.story.length > 0));
  await tab.evaluate(() => {
    page.isRenewalFailing = false;
  });
  await advanceUntilOnline(tab);
  const story = await tab.evaluate(() => page.story);
  expect(story[0]).toBe("expiring fails");
  expect(story.indexOf("expiring")).toBeGreaterThan(0);
  expect(story.indexOf("auth")).toBeGreaterThan(story.indexOf("expiring"));
  await tab.context().close();
});

it("Chromium: S4 a token that is refused twice is signed_out, and no third one is asked for", async () => {
  const tab = await openTab();
  await tab.evaluate(
    ([url]) => {
      page.client(url, "not-a-token").connect();
    },
    [services.url] as const,
  );
  await untilState(tab, "signed_out");
  const isAsked = (why: string) => why !== "auth";
  expect((await tab.evaluate(() => page.story)).filter(isAsked)).toEqual(["start", "refused"]);
  await tab.context().close();
});

it.each([-3_600_000, 3_600_000])(
  "Chromium: S5 a clock that is wrong by %i ms changes nothing",
  async (wrongMs) => {
    const { token } = await services.person();
    const room = `s5-chromium-${wrongMs}`;
    const tab = await openTab();
    await tab.evaluate(
      ([url, known, id, wrong]) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + wrong;
        page.client(url, known).rooms.get(id).open();
      },
      [services.url, token, room, wrongMs] as const,
    );
    const send = (text: string) =>
      tab.evaluate(([id, body]) => page.room(id).send(body, { expiresInMs: 5_000 }).stored(), [
        room,
        text,
      ] as const);
    expect(await send("one")).toEqual({ seq: 1 });
    services.cut();
    expect(await send("two")).toEqual({ seq: 2 });
    await until("shown", async () => (await textsIn(tab, room)).join() === "one,two");
    expect((await tab.evaluate(() => page.story)).filter((why) => why !== "auth")).toEqual(["start"]);
    await tab.context().close();
  },
);

it("Chromium: S6 hidden for 10 minutes it closes nothing; seen again it asks, and replaces a dead socket", async () => {
  const { token } = await services.person();
  const tab = await openClient("s6", token, { isClocked: true });
  const show = (isVisible: boolean) =>
    tab.evaluate((visible) => {
      Object.defineProperty(document, "visibilityState", {
        value: visible ? "visible" : "hidden",
        configurable: true,
      });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isVisible);
  await show(false);
  for (let minute = 0; minute < 10; minute += 1) {
    await tab.evaluate(() => page.clock.sleep(60_000));
    await pause(20);
  }
  expect(await tab.evaluate(() => [page.state(), page.opened()])).toEqual(["online", 2]);
  await show(true);
  await pause(100);
  await tab.evaluate(() => page.clock.advance(3_000));
  expect(await stateOf(tab)).toBe("online");
  for (const proxy of services.proxies) proxy.slow(undefined);
  await show(true);
  await tab.evaluate(() => page.clock.advance(3_000));
  expect(await stateOf(tab)).toBe("retrying");
  services.cut();
  await advanceUntilOnline(tab);
  await tab.context().close();
});
