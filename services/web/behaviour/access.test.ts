// Who cannot see, or has no mouse, can use every screen.
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { PASSWORD } from "./page-stack-fixture.ts";
import { eventually, fresh, profile, untilStored, usePageStack, web } from "./running-fixture.ts";
import { type People, SCENES, seed } from "./scenes-fixture.ts";

/** `all`: every scene, wide and narrow; left out: some, wide. */
const isLong = process.env.AXE === "all";
const SHORT = ["register", "room-actions", "room-delete", "channels", "details", "search-found", "account"];
const SIZES = isLong ? { wide: 1_280, narrow: 360 } : { wide: 1_280 };
/** Tab stops between two places at most. */
const TABS_MAX = 40;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

declare const axe: { run(): Promise<AxeResults> };

usePageStack();
let people: People;
beforeAll(async () => {
  people = await seed(web);
});

/** What is wrong and serious or critical, with the elements it is about. */
const violations = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const found = (await axe.run()).violations;
    return found
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  });

const names = isLong ? Object.keys(SCENES) : SHORT;
for (const [size, width] of Object.entries(SIZES))
  it.each(names)(`axe: nothing serious or critical on %s, ${size}, in both themes`, async (name) => {
    const context = await profile({ viewport: { width, height: 760 }, hasTouch: size === "narrow" });
    await context.addInitScript({ path: AXE });
    const page = await SCENES[name]?.(web, context, people);
    if (!page) throw new Error(`there is no scene ${name}`);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await violations(page)).toEqual([]);
    }
  });

/** What the element that has the focus is called. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement: one, body } = document;
    if (one === body) return "";
    const label = (one as HTMLInputElement | null)?.labels?.[0]?.textContent;
    return one?.getAttribute("aria-label") ?? label ?? one?.textContent?.trim() ?? "";
  });

/** Presses Tab, or Shift and Tab, until an element of that name has the focus. */
async function tabTo(page: Page, name: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const seen: string[] = [];
  while (!name.test(seen.at(-1) ?? "")) {
    if (seen.length > TABS_MAX) throw new Error(`${key} reaches no ${name}, only ${seen.join(" | ")}`);
    await page.keyboard.press(key);
    seen.push(await focused(page));
  }
}

it("keyboard only: register, find a room, send, edit, react, search", async () => {
  const room = fresh("keys-");
  await web.say(people.bob, room, "Is anybody there?");
  const page = await (await profile()).newPage();
  const { keyboard } = page;
  await page.goto("/");
  await page.getByLabel("Username").waitFor();
  await tabTo(page, /^New here/);
  await keyboard.press("Enter");
  await tabTo(page, /^Username/, "Shift+Tab");
  await keyboard.type(fresh("keys"));
  await tabTo(page, /^Password/);
  await keyboard.type(PASSWORD);
  await keyboard.press("Enter");
  await page.getByLabel("Message to general").waitFor();

  await tabTo(page, /^Channels$/);
  await keyboard.press("Enter");
  await eventually(() => focused(page)).toBe("Find a channel by name");
  await keyboard.type(room);
  await page.getByRole("button", { name: `Join ${room}` }).waitFor();
  await tabTo(page, new RegExp(`^Join ${room}$`));
  await keyboard.press("Enter");
  await eventually(() => focused(page)).toBe(`Message to ${room}`);

  await keyboard.type("I am, by keys");
  await keyboard.press("Enter");
  await untilStored(page, "I am, by keys");
  await keyboard.press("ArrowUp");
  await page.getByRole("button", { name: "Save" }).waitFor();
  await keyboard.press("End");
  await keyboard.type(" alone");
  await keyboard.press("Enter");
  await untilStored(page, "I am, by keys alone");

  await tabTo(page, /Is anybody there|I am, by keys/, "Shift+Tab");
  await keyboard.press("Home");
  await keyboard.press("Enter");
  await eventually(() => focused(page)).toBe("React");
  await keyboard.press("Enter");
  await eventually(() => focused(page)).toMatch(/^React with/);
  await keyboard.press("Enter");
  await page.locator("li[data-seq] .reaction.is-mine").waitFor();

  await tabTo(page, /^Search$/);
  await keyboard.press("Enter");
  await eventually(() => focused(page)).toBe("Search messages");
  await keyboard.type("anybody there");
  await page.getByText("1 message").waitFor();
  await keyboard.press("ArrowDown");
  await eventually(() => focused(page)).toContain("Is anybody there");
  await keyboard.press("Enter");
  await eventually(() => new URL(page.url()).pathname).toBe(`/r/${room}/1`);
  await page.locator("li.is-lit").waitFor();
});
