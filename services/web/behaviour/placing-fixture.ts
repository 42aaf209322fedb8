import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import {
  composer,
  crowd,
  eventually,
  fresh,
  signedIn,
  somebody,
  untilShown,
  untilStored,
  web,
} from "./running-fixture.ts";

declare global {
  /** How far the row that was at the top has moved, px, and how to stop looking; set by `watchTop`. */
  var moved: { most: number; stop: boolean };
}

/** Scrolls a room to `heights` heights of the view from the top, and from then on looks how far the top row moves. */
const watchTop = (page: Page, heights: number): Promise<void> =>
  page.evaluate((factor) => {
    const box = document.querySelector(".timeline") as HTMLElement;
    box.scrollTop = factor * box.clientHeight;
    const edge = box.getBoundingClientRect().top;
    const rows = [...box.querySelectorAll("[data-key]")];
    const row = rows.find((one) => one.getBoundingClientRect().bottom > edge) as Element;
    const { top } = row.getBoundingClientRect();
    const watch = { most: 0, stop: false };
    globalThis.moved = watch;
    // After each frame, when the browser has painted it.
    const look = () => {
      const by = row.isConnected ? Math.abs(row.getBoundingClientRect().top - top) : Number.POSITIVE_INFINITY;
      watch.most = Math.max(watch.most, by);
      if (!watch.stop) requestAnimationFrame(() => setTimeout(look));
    };
    look();
  }, heights);

const movedBy = (page: Page): Promise<number> =>
  page.evaluate(() => {
    globalThis.moved.stop = true;
    return globalThis.moved.most;
  });

const firstSeq = async (page: Page): Promise<number> =>
  Number(await page.locator("li[data-seq]").first().getAttribute("data-seq"));

it("W1 paging moves the top visible row by at most 1 px, up to the first message and back", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w1-")];
  await crowd(room, 430);
  const page = await signedIn(alice, `/r/${room}`);
  await untilShown(page);
  const anchoring = page.locator(".timeline").evaluate((box) => getComputedStyle(box).overflowAnchor);
  expect(await anchoring).toBe("none");
  for (let before = await firstSeq(page); before > 1; before = await firstSeq(page)) {
    await watchTop(page, 0.7);
    await eventually(() => firstSeq(page)).toBeLessThan(before);
    await page.waitForTimeout(60);
    expect(await movedBy(page)).toBeLessThanOrEqual(1);
  }
  const lastSeq = async () => Number(await page.locator("li[data-seq]").last().getAttribute("data-seq"));
  for (let before = await lastSeq(); before < 430; before = await lastSeq()) {
    const heights = await page
      .locator(".timeline")
      .evaluate((box) => (box.scrollHeight - 1.7 * box.clientHeight) / box.clientHeight);
    await watchTop(page, heights);
    await eventually(lastSeq).toBeGreaterThan(before);
    await page.waitForTimeout(60);
    expect(await movedBy(page)).toBeLessThanOrEqual(1);
  }
});

it("W1 what is received moves the top visible row by at most 1 px, unless the end is in sight: then it stays in sight", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w1-")];
  await crowd(room, 60);
  const page = await signedIn(alice, `/r/${room}`);
  await untilShown(page);
  const toEnd = () =>
    page.locator(".timeline").evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop);
  await eventually(toEnd).toBeLessThan(2);
  for (const n of [1, 2, 3]) await web.say(bob, room, `At the end ${n}\nwith\nfour\nlines`);
  await untilStored(page, "At the end 3");
  await eventually(toEnd).toBeLessThan(2);
  await watchTop(page, 1);
  for (const n of [1, 2, 3, 4, 5]) await web.say(bob, room, `Further down ${n}`);
  await page.getByRole("button", { name: "5 new" }).waitFor();
  expect(await movedBy(page)).toBeLessThanOrEqual(1);
  // The text field that grows takes height from the list, and nothing of what is read.
  await watchTop(page, 1);
  await composer(page).fill("one\ntwo\nthree\nfour\nfive");
  await page.waitForTimeout(100);
  expect(await movedBy(page)).toBeLessThanOrEqual(1);
  await page.getByRole("button", { name: "5 new" }).click();
  await eventually(toEnd).toBeLessThan(2);
});
