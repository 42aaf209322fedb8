import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import {
  composer,
  eventually,
  fresh,
  history,
  join,
  send,
  shownTexts,
  signedIn,
  somebody,
  untilStored,
  web,
} from "./running-fixture.ts";

/** The client tries again after at most 30 s, and needs a moment then, ms. */
const RETRY_MS_MAX = 40_000;

/** Writes a message each 200 ms until `isOver`; returns what was written. */
async function talk(page: Page, name: string, isOver: () => boolean): Promise<string[]> {
  const written: string[] = [];
  while (!isOver()) {
    written.push(`${name} ${written.length}`);
    await send(page, written.at(-1) ?? "");
    await page.waitForTimeout(200);
  }
  return written;
}

it("two people talk while the consumer, then the producer, is killed and restarted: nothing is missing, nothing twice, and the state line tells the truth", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("talk-")];
  await web.say(alice, room, "hello");
  await Promise.all([join(alice, room), join(bob, room)]);
  const pages = await Promise.all([signedIn(alice, `/r/${room}`), signedIn(bob, `/r/${room}`)]);
  await Promise.all(pages.map((one) => untilStored(one, "hello")));
  const lines = pages.map((one) => one.locator(".status.is-shown"));
  for (const line of lines) expect(await line.count()).toBe(0);
  let isOver = false;
  const talking = Promise.all(pages.map((one, i) => talk(one, i === 0 ? "Alice" : "Bob", () => isOver)));
  for (const name of ["ws-consumer", "ws-producer"]) {
    await web.stack.service(name).kill();
    await Promise.all(lines.map((one) => one.waitFor()));
    await web.stack.untilReady(name);
    await Promise.all(lines.map((one) => one.waitFor({ state: "detached", timeout: RETRY_MS_MAX })));
  }
  isOver = true;
  const [hers = [], his = []] = await talking;
  const total = hers.length + his.length + 1;
  for (const page of pages) await eventually(async () => (await shownTexts(page)).length).toBe(total);
  const [left = [], right = []] = await Promise.all(pages.map(shownTexts));
  expect(left).toEqual(right);
  expect(left.filter((one) => one.startsWith("Alice"))).toEqual(hers);
  expect(left.filter((one) => one.startsWith("Bob"))).toEqual(his);
  expect((await history(alice, room)).slice(-50)).toEqual(left.slice(-50));
});

it("off line, three written, a reload, on line: they are sent once and in order", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("offline-")];
  await web.say(alice, room, "hello");
  await join(alice, room);
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  await page.waitForFunction(async () => {
    const shell = await caches.open("shell");
    return navigator.serviceWorker.controller && (await shell.match("/"));
  });
  await page.waitForTimeout(1_300);
  await page.context().setOffline(true);
  for (const body of ["one", "two", "three"]) await send(page, body);
  await page.waitForTimeout(300);
  expect(await shownTexts(page)).toEqual(["hello", "one…", "two…", "three…"]);
  await page.reload();
  await eventually(() => shownTexts(page)).toEqual(["hello", "one…", "two…", "three…"]);
  expect(await composer(page).isEditable()).toBe(true);
  await page.context().setOffline(false);
  await eventually(() => shownTexts(page)).toEqual(["hello", "one", "two", "three"]);
  expect(await history(alice, room)).toEqual(["hello", "one", "two", "three"]);
});
