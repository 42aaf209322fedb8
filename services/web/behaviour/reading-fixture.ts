import { createParley, type Parley } from "@parley/client";
import { type Account, postJson } from "@parley/devstack/accounts";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import {
  crowd,
  eventually,
  fresh,
  join,
  profile,
  signedIn,
  somebody,
  untilShown,
  untilStored,
  web,
} from "./running-fixture.ts";

declare global {
  /** Lets the page believe that it has the focus, or not: in a headless browser each window has it. */
  var setFocus: (hasFocus: boolean) => void;
  var spoken: string[];
}

/** Somebody who uses the SDK, without a page. */
const clientOf = ({ token }: Account): Parley =>
  createParley({
    url: { auth: web.urlOf("auth"), send: web.urlOf("ws-producer"), listen: web.urlOf("ws-consumer") },
    auth: async () => token,
  });

/** A screen beside the rooms: at `/` a wide page opens the room that was read last. */
const ELSEWHERE = "/account";
const badges = (page: Page) => page.locator(".inbox-row .badge");

it("W2 the unread line is taken before the first read mark and stays until one leaves", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w2-")];
  for (const n of [1, 2, 3]) await web.say(bob, room, `old ${n}`);
  await join(alice, room);
  for (const n of [1, 2, 3]) await web.say(bob, room, `new ${n}`);
  const page = await signedIn(alice, ELSEWHERE);
  await badges(page).waitFor();
  await page.locator(".inbox-row").click();
  const line = page.locator(".unread-line + li .body");
  await line.waitFor();
  expect(await line.textContent()).toBe("new 1");
  await badges(page).waitFor({ state: "detached" });
  await web.say(bob, room, "new 4");
  await untilStored(page, "new 4");
  const client = clientOf(alice);
  await eventually(async () => (await client.rooms.unread()).total).toBe(0);
  await client.close();
  expect(await line.textContent()).toBe("new 1");
  await page.goto(ELSEWHERE);
  await page.locator(".inbox-row").click();
  await untilShown(page);
  await page.waitForTimeout(300);
  expect(await line.count()).toBe(0);
});

it("W2 read means seen in a visible tab that has the focus", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w2-")];
  await web.say(bob, room, "one");
  await join(alice, room);
  const context = await profile();
  await context.addInitScript(() => {
    let isOn = true;
    document.hasFocus = () => isOn;
    globalThis.setFocus = (hasFocus) => {
      isOn = hasFocus;
      dispatchEvent(new Event(hasFocus ? "focus" : "blur"));
    };
  });
  const page = await web.signIn(context, alice.username, `/r/${room}`);
  await untilShown(page);
  const client = clientOf(alice);
  const unread = async () => (await client.rooms.unread()).total;
  await page.evaluate(() => globalThis.setFocus(false));
  await web.say(bob, room, "two");
  await untilStored(page, "two");
  await badges(page).waitFor();
  await page.waitForTimeout(500);
  expect(await unread()).toBe(1);
  await page.evaluate(() => globalThis.setFocus(true));
  await badges(page).waitFor({ state: "detached" });
  await eventually(unread).toBe(0);
  await client.close();
});

it("W3 read to the end: 0 here and on the other device within 1 s, and after a reload, also if the last entry is a reaction", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w3-")];
  await web.say(bob, room, "before");
  await join(alice, room);
  const client = clientOf(bob);
  for (const n of [1, 2, 3]) await web.say(bob, room, `new ${n}`);
  const [phone, laptop] = [await signedIn(alice, ELSEWHERE), await signedIn(alice, ELSEWHERE)];
  await Promise.all([phone, laptop].map((one) => badges(one).filter({ hasText: "3" }).waitFor()));
  await phone.locator(".inbox-row").click();
  await untilShown(phone);
  const seenAt = performance.now();
  await Promise.all([phone, laptop].map((one) => badges(one).waitFor({ state: "detached" })));
  expect(performance.now() - seenAt).toBeLessThan(1_000);
  const theirs = client.rooms.get(room);
  theirs.open();
  await theirs.react(4, "👍");
  await phone.locator(".reaction").waitFor();
  for (const device of [phone, laptop]) {
    await device.reload();
    await device.locator(".inbox-row").waitFor();
    await device.waitForTimeout(300);
    // What was kept is shown until the server has answered.
    await eventually(() => badges(device).count()).toBe(0);
  }
  expect(await phone.locator(".unread-line").count()).toBe(0);
  await client.close();
});

it("a direct chat that is opened by its address is read within 1 s, and after a reload", async () => {
  const [alice, bob] = [await somebody("Alice"), await somebody("Bob")];
  const direct = await postJson(
    `${web.urlOf("ws-consumer")}/api/v1/directs`,
    { userId: alice.id },
    bob.token,
  );
  const { id } = direct as { id: string };
  const page = await signedIn(alice, ELSEWHERE);
  for (const open of [() => page.goto(`/r/${id}`), () => page.reload()]) {
    await page.goto(ELSEWHERE);
    await web.say(bob, id, "Hello");
    await badges(page).waitFor();
    // The inbox is kept, and shown before the server tells it.
    await page.waitForTimeout(700);
    await page.evaluate((path) => history.replaceState(null, "", path), `/r/${id}`);
    await open();
    await untilShown(page);
    await badges(page).waitFor({ state: "detached", timeout: 5_000 });
  }
});

it("W9 a live message is spoken once, author and text first; history never", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("w9-")];
  await crowd(room, 70);
  const context = await profile();
  await context.addInitScript(() => {
    globalThis.spoken = [];
    new MutationObserver((changes) => {
      for (const { addedNodes, target } of changes)
        for (const node of addedNodes)
          if ((target as Element).closest?.("[role=log]")) globalThis.spoken.push(node.textContent ?? "");
    }).observe(document, { childList: true, subtree: true });
  });
  const page = await web.signIn(context, alice.username, `/r/${room}`);
  await untilShown(page);
  const spoken = () => page.evaluate(() => globalThis.spoken);
  await web.say(bob, room, "Hello there");
  await untilStored(page, "Hello there");
  await page.locator(".timeline").evaluate((box) => box.scrollTo(0, 0));
  await page.locator(".beginning").waitFor();
  await page.getByRole("button", { name: "Jump to latest" }).click();
  await web.stack.service("ws-consumer").kill();
  await web.say(bob, room, "While you were away");
  await untilStored(page, "While you were away");
  await web.say(bob, room, "And now");
  await untilStored(page, "And now");
  const heard = await spoken();
  expect(heard.filter((one) => one !== "Bob: While you were away")).toEqual([
    "Bob: Hello there",
    "Bob: And now",
  ]);
  expect(new Set(heard).size).toBe(heard.length);
  await page.reload();
  await untilShown(page);
  await page.waitForTimeout(300);
  expect(await spoken()).toEqual([]);
});
