import type { Locator, Page } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { PASSWORD } from "./page-stack-fixture.ts";
import {
  ask,
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

declare global {
  /** The most rows of one text that were there at once. */
  var most: number;
  /** What the composer told of the rate limit. */
  var told: string[];
}

/** Requests at once that are too many for the limit of messages, and not for that of work. */
const AT_ONCE = 6;

it("W4 a draft survives switching, a reload and an expired session", async () => {
  const [alice, room, other] = [await somebody("Alice"), fresh("w4-"), fresh("w4-")];
  for (const one of [room, other]) {
    await web.say(alice, one, "hello");
    await join(alice, one);
  }
  const page = await signedIn(alice, `/r/${room}`);
  const draft = "Half a thought";
  await page.locator("li[data-seq]").focus();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await composer(page).fill(draft);
  await page.locator(`.inbox-row[href="/r/${other}"]`).click();
  await page.getByLabel(`Message to ${other}`).waitFor();
  expect(await composer(page).inputValue()).toBe("");
  await page.locator(`.inbox-row[href="/r/${room}"]`).click();
  await page.getByLabel(`Message to ${room}`).waitFor();
  expect(await composer(page).inputValue()).toBe(draft);
  expect(await page.locator(".mode").innerText()).toContain("Replying to Alice");
  await page.reload();
  await eventually(() => composer(page).inputValue()).toBe(draft);
  await ask(alice, "POST", `${web.urlOf("auth")}/api/v1/logout-all`);
  await page.locator("main.door").waitFor();
  await page.getByLabel("Username").fill(alice.username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await eventually(() => composer(page).inputValue()).toBe(draft);
  expect(new URL(page.url()).pathname).toBe(`/r/${room}`);
});

it("W5 Enter during an input method's composition, or up to 30 ms after it, never sends", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w5-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  const keyboard = await page.context().newCDPSession(page);
  await composer(page).focus();
  await keyboard.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await composer(page).press("Enter");
  // Safari ends the composition first; the key press comes after it.
  await composer(page).evaluate((field) =>
    field.addEventListener("compositionend", () =>
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })),
    ),
  );
  await keyboard.send("Input.insertText", { text: "日本" });
  await page.waitForTimeout(200);
  expect(await shownTexts(page)).toEqual(["hello"]);
  expect(await composer(page).inputValue()).toContain("日本");
  await composer(page).press("Enter");
  await untilStored(page, "日本");
  expect(await history(alice, room)).toHaveLength(2);
});

const isFocused = (one: Locator) => one.evaluate((element) => element === document.activeElement);

const boxes = (page: Page) =>
  page.evaluate(() =>
    [".sidebar", ".room", ".room .bar", ".timeline", ".composer", "li[data-seq]"].map((one) => {
      const { x, y, width, height } = (document.querySelector(one) as Element).getBoundingClientRect();
      return [one, x, y, width, height];
    }),
  );

it("W6 the text field is never disabled, and the state line moves nothing on the page; a long wait can be ended", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w6-")];
  await web.say(alice, room, "hello");
  await join(alice, room);
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  await page.waitForTimeout(300);
  const before = await boxes(page);
  const [producer, consumer] = ["ws-producer", "ws-consumer"].map((one) => web.stack.service(one));
  const start = async () => void (await Promise.all([producer?.startReady(), consumer?.startReady()]));
  onTestFinished(start);
  await Promise.all([producer?.stop(), consumer?.stop()]);
  const line = page.locator(".status.is-shown");
  await line.waitFor();
  expect(await line.textContent()).toMatch(/^(Connecting…|Reconnecting in \d+ s)(Try now)?$/);
  expect(await boxes(page)).toEqual(before);
  expect(await composer(page).isEditable()).toBe(true);
  await send(page, "It waits");
  await page.getByText("1 message waiting").waitFor();
  expect(await composer(page).isEditable()).toBe(true);
  // No attempt comes soon by chance.
  await page.evaluate(() => {
    Math.random = () => 0.999;
  });
  const tryNow = page.getByRole("button", { name: "Try now" });
  await eventually(() => line.innerText()).toMatch(/in ([5-9]|\d\d) s.*Try now/s);
  expect((await boxes(page)).slice(0, -1)).toEqual(before.slice(0, -1));
  await start();
  const at = performance.now();
  await tryNow.hover();
  await page.mouse.down();
  await page.mouse.move(0, 0);
  await page.mouse.up();
  await eventually(() => isFocused(composer(page))).toBe(true);
  await tryNow.press("Enter");
  await line.waitFor({ state: "detached" });
  expect(performance.now() - at).toBeLessThan(4_000);
  expect(await isFocused(composer(page))).toBe(true);
  await untilStored(page, "It waits");
  expect(await shownTexts(page)).toEqual(["hello", "It waits"]);
});

it("W7 one row per send; a failed one says why, and offers to send it again and to discard it", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w7-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  await page.evaluate(() => {
    globalThis.most = 0;
    const rows = document.querySelector(".rows") as Element;
    const count = () =>
      [...rows.querySelectorAll(".body")].filter((one) => one.textContent === "only one").length;
    new MutationObserver(() => {
      globalThis.most = Math.max(globalThis.most, count());
    }).observe(rows, { childList: true, subtree: true, characterData: true });
  });
  await send(page, "only one");
  await untilStored(page, "only one");
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => globalThis.most)).toBe(1);
  await send(page, "x".repeat(4_001));
  await page.getByText("Not sent: the text is 1 character too long.").waitFor();
  expect((await composer(page).inputValue()).length).toBe(4_001);
  expect(await page.locator("li.is-pending").count()).toBe(0);
  const refused = "No \u0001 in texts";
  await send(page, refused);
  const failed = page.locator("li.is-failed");
  await failed.waitFor();
  expect(await failed.innerText()).toContain(
    "Not sent: the text has a character that cannot be sent, or none that shows",
  );
  await failed.getByRole("button", { name: "Send again" }).click();
  await failed.waitFor();
  expect(await page.locator("li.is-pending").count()).toBe(1);
  await failed.getByRole("button", { name: "Edit" }).click();
  expect(await composer(page).inputValue()).toBe(refused);
  await send(page, refused);
  await failed.getByRole("button", { name: "Discard" }).click();
  await eventually(() => shownTexts(page)).toEqual(["hello", "only one"]);
});

it("W8 with the keyboard up at 360 px the text field is in sight, and pinch zoom stays", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w8-")];
  for (let n = 0; n < 30; n += 1) await web.say(alice, room, `line ${n}`);
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const page = await signedIn(alice, `/r/${room}`, phone);
  await untilStored(page, "line 29");
  await composer(page).tap();
  await page.setViewportSize({ width: 360, height: 390 });
  await page.waitForTimeout(200);
  const { y = 0, height = 0 } = (await page.locator(".composer").boundingBox()) ?? {};
  expect(y).toBeGreaterThan(0);
  expect(y + height).toBeLessThanOrEqual(390);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  const last = await page.locator("li[data-seq]").last().boundingBox();
  expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThanOrEqual(y);
  const viewport = await page.locator("meta[name=viewport]").getAttribute("content");
  expect(viewport).not.toMatch(/user-scalable|maximum-scale/);
  const zoom = await page.context().newCDPSession(page);
  await zoom.send("Emulation.setPageScaleFactor", { pageScaleFactor: 2 });
  await composer(page).pressSequentially("zoomed");
  expect(await page.evaluate(() => visualViewport?.scale)).toBe(2);
});

it("W13 the composer counts down when the rate limit answers, and the message goes out once", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w13-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  await page.evaluate(() => {
    globalThis.told = [];
    new MutationObserver(() => {
      const line = document.querySelector(".rate")?.textContent;
      if (line) globalThis.told.push(line);
    }).observe(document, { childList: true, subtree: true });
  });
  // Another device of hers is too fast.
  const elsewhere = fresh("w13-");
  let isOver = false;
  const flood = Array.from({ length: AT_ONCE }, async () => {
    while (!isOver) await web.say(alice, elsewhere, "x").catch(() => undefined);
  });
  const turns = Array.from({ length: 8 }, (_, n) => `My turn ${n}`);
  for (const turn of turns) await send(page, turn);
  await eventually(() => page.evaluate(() => globalThis.told[0])).toMatch(/^Too fast: goes out in \d+ s$/);
  isOver = true;
  await Promise.all(flood);
  await untilStored(page, "My turn 7");
  await page.locator(".rate").waitFor({ state: "detached" });
  expect(await history(alice, room)).toEqual(["hello", ...turns]);
});

it("a message is deleted when that was asked and answered, and the focus comes back when it was not", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("remove-")];
  await web.say(alice, room, "said too much");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "said too much");
  const row = page.locator("li.is-mine");
  await row.focus();
  const ask = row.getByRole("button", { name: "Delete" });
  await ask.click();
  const dialog = page.getByRole("dialog", { name: "Delete this message?" });
  await dialog.getByText("said too much").waitFor();
  await dialog.getByText("Everybody in the room will see that it was deleted.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  await eventually(() => row.evaluate((one) => one.contains(document.activeElement))).toBe(true);
  await ask.click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await row.getByText("Message deleted").waitFor();
  expect(await dialog.count()).toBe(0);
});
