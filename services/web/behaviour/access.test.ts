// Who cannot see, or has no mouse, can use every screen.
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { profile, usePageStack, web } from "./running-fixture.ts";
import { type People, SCENES, seed } from "./scenes-fixture.ts";

/** `all`: every scene, wide and narrow; left out: some, wide. */
const isLong = process.env.AXE === "all";
const SHORT = ["register", "room-actions", "room-delete", "inbox"];
const SIZES = isLong ? { wide: 1_280, narrow: 360 } : { wide: 1_280 };
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
