import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { PageStack } from "./page-stack-fixture.ts";
import { type People, SCENES, seed } from "./scenes-fixture.ts";

/** Where the pictures go; git ignores it. */
const FOLDER = resolve(import.meta.dirname, "../screenshots");
const SIZES = {
  wide: { width: 1280, height: 800 },
  narrow: { width: 360, height: 740 },
  largest: { width: 1920, height: 1080 },
} as const;
/** What is taken in the largest size, too. */
const LARGEST = [
  "inbox",
  "room",
  "room-actions",
  "details",
  "channels",
  "search-found",
  "account",
  "switcher",
];
const THEMES = ["light", "dark"] as const;

const only = process.env.ONLY?.split(" ");
const isWanted = (name: string, size: string): boolean =>
  (size !== "largest" || LARGEST.includes(name)) && (!only || only.includes(name) || only.includes(size));

/** Takes each scene's picture in each size and theme; `ONLY` names some scenes, or sizes. */
async function takeAll(stack: PageStack, people: People): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of THEMES)
      for (const [name, scene] of Object.entries(SCENES)) {
        if (!isWanted(name, size)) continue;
        const context = await stack.context({
          viewport,
          colorScheme,
          hasTouch: size === "narrow",
          deviceScaleFactor: 1,
        });
        const page: Page = await scene(stack, context, people);
        await page.waitForTimeout(350);
        await page.screenshot({ path: join(FOLDER, `${name}-${size}-${colorScheme}.png`) });
        process.stdout.write(`${name} ${size} ${colorScheme}\n`);
        await context.close();
      }
}

if (!only) await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const stack = await PageStack.start();
try {
  await takeAll(stack, await seed(stack));
  for (const fault of stack.faults) process.stderr.write(`fault: ${fault}\n`);
  process.exitCode = stack.faults.length > 0 ? 1 : 0;
} finally {
  await stack.stop();
}
