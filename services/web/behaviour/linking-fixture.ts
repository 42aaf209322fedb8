import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import {
  ask,
  crowd,
  eventually,
  fresh,
  join,
  signedIn,
  somebody,
  untilShown,
  web,
} from "./running-fixture.ts";

type Account = Awaited<ReturnType<typeof somebody>>;

/** Whether the message of a seq is wholly in sight. */
const isInSight = (page: Page, seq: number): Promise<boolean> =>
  page.evaluate((wanted) => {
    const row = document.querySelector(`li[data-seq="${wanted}"]`)?.getBoundingClientRect();
    const box = document.querySelector(".timeline")?.getBoundingClientRect();
    return row !== undefined && box !== undefined && row.top >= box.top && row.bottom <= box.bottom;
  }, seq);

const isShown = (page: Page, seq: number) => eventually(() => isInSight(page, seq)).toBe(true);

/** How many messages of a room somebody has not read. */
async function unreadOf(who: Account, room: string): Promise<number> {
  const url = `${web.urlOf("ws-consumer")}/api/v1/rooms/${room}`;
  return ((await ask(who, "GET", url)) as { unread: number }).unread;
}

/** Follows a link of the page, which is not loaded anew. */
const follow = (page: Page, path: string): Promise<void> =>
  page.evaluate((to) => {
    const link = document.createElement("a");
    link.href = to;
    document.body.append(link);
    link.click();
    link.remove();
  }, path);

it("W13 /r/:room/:seq opens there, also after signing in", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w13-")];
  await crowd(room, 260);
  const page = await signedIn(alice, `/r/${room}/31`);
  await isShown(page, 31);
  await page.waitForTimeout(500);
  expect(await isInSight(page, 31)).toBe(true);
  await page.reload();
  await isShown(page, 31);
  await page.goto(`/r/${room}/150`);
  await isShown(page, 150);
});

it("W13 a message that is slow to come is shown when it is there; until then nothing counts as read", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w13-")];
  await join(alice, room);
  await crowd(room, 260);
  const page = await signedIn(alice, "/account");
  const asked: string[] = [];
  await page.route(`**/rooms/${room}/messages?*`, async (route) => {
    asked.push(new URL(route.request().url()).search);
    if (route.request().url().includes("around=")) await page.waitForTimeout(700);
    await route.continue();
  });
  await page.goto(`/r/${room}/150`);
  await isShown(page, 150);
  expect(asked.slice(0, 2).sort()).toEqual(["?around=150&limit=50", "?limit=50"]);
  await page.waitForTimeout(500);
  expect(await isInSight(page, 150)).toBe(true);
  expect(await unreadOf(alice, room)).toBeGreaterThan(100);
});

it("back to a link shows its message again, and reads nothing more", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("back-")];
  await join(alice, room);
  await crowd(room, 200);
  const page = await signedIn(alice, `/r/${room}/60`);
  await isShown(page, 60);
  await page.waitForTimeout(700);
  const unread = await unreadOf(alice, room);
  await follow(page, "/account");
  await page.locator("main.room").waitFor({ state: "detached" });
  await page.goBack();
  await isShown(page, 60);
  await page.waitForTimeout(700);
  expect(await isInSight(page, 60)).toBe(true);
  expect(await unreadOf(alice, room)).toBe(unread);
});

it('a message that cannot be had yet is shown when it can; "latest" that cannot be had moves nobody; neither reads anything', async () => {
  const [alice, room] = [await somebody("Alice"), fresh("away-")];
  await join(alice, room);
  await crowd(room, 200);
  const page = await signedIn(alice, `/r/${room}/100`);
  await isShown(page, 100);
  await page.waitForTimeout(700);
  const unread = await unreadOf(alice, room);
  const pages = `**/rooms/${room}/messages?*`;
  await page.route(pages, (route) => route.abort());
  await page.getByRole("button", { name: "Jump to latest" }).click();
  await page.locator(".foot").getByText("was not reached").waitFor();
  expect(await isInSight(page, 100)).toBe(true);
  await follow(page, `/r/${room}/20`);
  await page.waitForTimeout(1_000);
  expect(await isInSight(page, 100)).toBe(true);
  await page.unroute(pages);
  await isShown(page, 20);
  expect(await unreadOf(alice, room)).toBe(unread);
});

it("who scrolls while a message does not come can read on, and is not moved away", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("hung-")];
  await crowd(room, 150);
  await join(alice, room);
  const page = await signedIn(alice, "/account");
  await page.route(`**/rooms/${room}/messages?*around=*`, () => undefined);
  await follow(page, `/r/${room}/20`);
  await untilShown(page);
  await page.locator(".timeline").hover();
  const first = () =>
    page.evaluate(() => Number(document.querySelector<HTMLElement>("li[data-seq]")?.dataset.seq));
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, -2_000);
      return await first();
    })
    .toBe(1);
});

it("a link to the newest message leaves nothing to jump to", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("newest-")];
  await crowd(room, 60);
  const page = await signedIn(alice, `/r/${room}/60`);
  await isShown(page, 60);
  await page.getByRole("button", { name: "Jump to latest" }).waitFor({ state: "detached" });
  expect(await isInSight(page, 60)).toBe(true);
});

it("the same link can be followed again", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("again-")];
  await crowd(room, 120);
  const page = await signedIn(alice, `/r/${room}/50`);
  await isShown(page, 50);
  await page.getByRole("button", { name: "Jump to latest" }).click();
  await isShown(page, 120);
  await follow(page, `/r/${room}/50`);
  await isShown(page, 50);
});

it("a room opens at its unread line, however far back, and reads what is in sight alone", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("line-")];
  await crowd(room, 20);
  await join(alice, room);
  await crowd(room, 150);
  const page = await signedIn(alice, "/account");
  await follow(page, `/r/${room}`);
  await page.locator("[data-unread]").waitFor();
  await eventually(() => unreadOf(alice, room)).toBeLessThan(150);
  await page.waitForTimeout(1_000);
  expect(await unreadOf(alice, room)).toBeGreaterThan(100);
});

it("a link into a room of which too much was missed shows its message, and reads no more", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("missed-")];
  await crowd(room, 100);
  await join(alice, room);
  const page = await signedIn(alice, `/r/${room}`);
  await isShown(page, 100);
  // The client keeps a room a second after its last change.
  await page.waitForTimeout(1_500);
  await page.goto("/account");
  await crowd(room, 1_200);
  await page.goto(`/r/${room}/400`);
  await isShown(page, 400);
  await page.waitForTimeout(1_500);
  expect(await isInSight(page, 400)).toBe(true);
  expect(await unreadOf(alice, room)).toBeGreaterThan(800);
});
