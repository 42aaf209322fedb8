import { expect, it } from "vitest";
import {
  composer,
  eventually,
  fresh,
  history,
  join,
  signedIn,
  somebody,
  untilShown,
  untilStored,
  web,
} from "./running-fixture.ts";

const PHONE = { viewport: { width: 360, height: 740 } };

it("@ completes people and : completes emoji, with the keyboard alone, also at 360 px; Escape leaves what is written", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Zacharias"), fresh("complete-")];
  await web.say(alice, room, "hello");
  await Promise.all([join(alice, room), join(bob, room)]);
  const page = await signedIn(alice, `/r/${room}`, PHONE);
  await untilStored(page, "hello");
  const [field, list] = [composer(page), page.getByRole("listbox", { name: "Completions" })];
  await field.pressSequentially("For @zach");
  await list.getByRole("option", { selected: true }).waitFor();
  const chosen = await field.getAttribute("aria-activedescendant");
  expect(await page.locator(`#${chosen}`).innerText()).toContain(`@${bob.username}`);
  const { x = -1, y = -1, width = 999 } = (await list.boundingBox()) ?? {};
  expect([x >= 0, y >= 0, x + width <= 360]).toEqual([true, true, true]);
  await field.press("Enter");
  await field.pressSequentially(":thumbs");
  await list.getByRole("option").nth(1).waitFor();
  await field.press("ArrowUp");
  await field.press("ArrowDown");
  await field.press("Tab");
  await field.pressSequentially("and :rock");
  await list.waitFor();
  await field.press("Escape");
  await list.waitFor({ state: "detached" });
  await field.press("Enter");
  await eventually(() => history(alice, room)).toEqual(["hello", `For @${bob.username} 👍 and :rock`]);
  // In the middle of a text: also where the caret has just left what is completed.
  for (const leave of [[], ["Home"]]) {
    await field.fill("hi @zac there");
    await field.evaluate((one: HTMLTextAreaElement) => one.setSelectionRange(7, 7));
    await field.pressSequentially("h");
    await list.getByRole("option", { selected: true }).waitFor();
    for (const key of leave) await page.keyboard.down(key);
    await field.press("Enter");
    for (const key of leave) await page.keyboard.up(key);
    expect(await field.inputValue()).toBe(`hi @${bob.username} there`);
    await field.press("Enter");
    await eventually(() => field.inputValue()).toBe("");
  }
});

it("any emoji is found by name to react with, and the focus comes back to the message", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("emoji-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilShown(page);
  await page.locator("li[data-seq]").focus();
  for (const name of ["React", "More emoji"]) await page.getByRole("button", { name, exact: true }).click();
  await page.getByLabel("Find an emoji by name").fill("red heart");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  expect(await page.locator(".reaction.is-mine").innerText()).toContain("❤️");
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.seq);
  await eventually(focused).toBe("1");
});
