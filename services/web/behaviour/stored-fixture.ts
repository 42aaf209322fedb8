import type { BrowserContext, Page } from "playwright-core";
import { expect, it } from "vitest";
import { PASSWORD } from "./page-stack-fixture.ts";
import {
  crowd,
  eventually,
  fresh,
  join,
  keysKept,
  profile,
  somebody,
  untilShown,
  untilStored,
  web,
  whileHung,
} from "./running-fixture.ts";

declare global {
  /** When the first message was shown, ms after the page began to load; and in how many frames something was drawn in place of messages. */
  var firstRowAt: number;
  var spinners: number;
}

const ALL = ["auth", "ws-producer", "ws-consumer"] as const;
/** The client stores a room so long after its last change, ms; and a little more. */
const SAVED_MS = 1_400;
/** Of so many tries the fastest counts: others work on the machine at the same time. */
const TRIES = 5;

const untilKept = (page: Page): Promise<void> =>
  page.waitForFunction(async () => {
    const shell = await caches.open("shell");
    return navigator.serviceWorker.controller && (await shell.match("/"));
  }) as Promise<never>;

async function watched(): Promise<BrowserContext> {
  const context = await profile();
  await context.addInitScript(() => {
    globalThis.spinners = 0;
    globalThis.firstRowAt = 0;
    new MutationObserver(() => {
      if (globalThis.firstRowAt === 0 && document.querySelector("li[data-seq]"))
        globalThis.firstRowAt = performance.now();
    }).observe(document, { childList: true, subtree: true });
    // What is drawn in place of messages is to be seen only if they are late.
    const look = () => {
      const drawn = document.querySelector(".skeleton, .splash");
      if (drawn && getComputedStyle(drawn).opacity !== "0") globalThis.spinners += 1;
      requestAnimationFrame(look);
    };
    look();
  });
  return context;
}

it("W10 a room opens from the cache in under 100 ms with the network hung", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w10-")];
  await crowd(room, 40);
  await join(alice, room);
  const page = await web.signIn(await watched(), alice.username, `/r/${room}`);
  await untilShown(page);
  await page.waitForTimeout(SAVED_MS);
  const times: number[] = [];
  await whileHung(ALL, async () => {
    for (let n = 0; n < TRIES; n += 1) {
      await page.goto("/account");
      const link = page.locator(`.inbox-row[href="/r/${room}"]`);
      await link.waitFor();
      times.push(
        await link.evaluate(async (one) => {
          const at = performance.now();
          (one as HTMLElement).click();
          while (!document.querySelector("li[data-seq]")) await new Promise(requestAnimationFrame);
          return performance.now() - at;
        }),
      );
    }
  });
  expect(Math.min(...times)).toBeLessThan(100);
});

it("W11 the page opens off line from its store in 300 ms, then resumes by seq without a spinner", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w11-")];
  await crowd(room, 40);
  await join(alice, room);
  const context = await watched();
  const page = await web.signIn(context, alice.username, `/r/${room}`);
  await untilShown(page);
  await page.waitForTimeout(SAVED_MS);
  await untilKept(page);
  const frames: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => frames.push(String(payload))));
  await context.setOffline(true);
  const times: number[] = [];
  for (let n = 0; n < TRIES; n += 1) {
    await page.reload();
    await untilShown(page);
    times.push(await page.evaluate(() => globalThis.firstRowAt));
  }
  expect(Math.min(...times)).toBeLessThan(300);
  await page.getByText("You are offline").waitFor();
  await web.say(bob, room, "While you were away");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await context.setOffline(false);
  await untilStored(page, "While you were away");
  expect(await page.evaluate(() => globalThis.spinners)).toBe(0);
  expect(frames.join("\n")).toMatch(new RegExp(`"resume".*"${room}":4[01]\\b`));
  expect(asked.filter((one) => one.includes(`/rooms/${room}/messages`))).toEqual([]);
});

it("a newcomer has the door at once, before anybody says who is signed in; whoever was here has no door", async () => {
  const alice = await somebody("Alice");
  const page = await (await profile()).newPage();
  const door = page.locator("main.door");
  await whileHung(["auth"], async () => {
    await page.goto("/");
    await page.getByLabel("Username").fill(alice.username);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  });
  await page.locator("nav.sidebar").waitFor({ state: "attached" });
  await eventually(async () => (await keysKept(page)).join()).toContain("page/me");
  await whileHung(["auth"], async () => {
    await page.reload();
    await page.locator("nav.sidebar").waitFor({ state: "attached" });
    expect(await door.count()).toBe(0);
  });
});
