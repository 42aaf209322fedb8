import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { PASSWORD } from "./page-stack-fixture.ts";
import {
  ask,
  composer,
  eventually,
  fresh,
  join,
  keysKept,
  profile,
  send,
  signedIn,
  somebody,
  untilStored,
  web,
} from "./running-fixture.ts";

/** Makes an account through the page. */
async function register(page: Page, username: string): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: "New here?" }).click();
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account", exact: true }).click();
  await page.locator("nav.sidebar").waitFor({ state: "attached" });
}

it("W12 over plain HTTP at an address of the network, without locks and workers, everything else works", async () => {
  const [alice, bob] = [fresh("alice"), fresh("bob")];
  const [hers, his] = await Promise.all(
    [alice, bob].map(async (name) => {
      const page = await (await profile({ baseURL: web.lanUrl })).newPage();
      await register(page, name);
      return page;
    }),
  );
  if (!hers || !his) throw new Error("two pages were opened");
  expect(
    await hers.evaluate(() => [isSecureContext, "locks" in navigator, "serviceWorker" in navigator]),
  ).toEqual([false, false, false]);
  await send(hers, `Hello from ${alice}`);
  await untilStored(his, `Hello from ${alice}`);
  await send(his, "And back");
  await untilStored(hers, "And back");
  const row = hers.locator("li[data-seq]", { hasText: "And back" });
  await row.focus();
  await row.getByRole("button", { name: "Copy link" }).press("Enter");
  await hers.getByRole("button", { name: "Copied" }).waitFor();
  const focused = () => hers.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  expect(await focused()).toBe("Copied");
  await composer(hers).press("Control+v");
  await eventually(() => composer(hers).inputValue()).toMatch(/^http:.*\/r\/general\/\d+$/);
  await composer(hers).fill("");
  const asked: string[] = [];
  hers.on("request", (request) => asked.push(new URL(request.url()).hostname));
  await hers.reload();
  await untilStored(hers, "And back");
  expect(new Set(asked)).toEqual(new Set(["lan.test"]));
});

it("W13 general is there and joined at the first sign-in", async () => {
  const page = await (await profile()).newPage();
  await register(page, fresh("newcomer"));
  await page.locator('.inbox-row[href="/r/general"]').waitFor();
  expect(new URL(page.url()).pathname).toBe("/r/general");
  await send(page, "I am new here");
  await untilStored(page, "I am new here");
  expect(await page.getByRole("button", { name: "Join this channel" }).count()).toBe(0);
});

it("W13 sign-out clears what was stored", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("w13-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  const other = await page.context().newPage();
  await other.goto(`/r/${room}`);
  await untilStored(other, "hello");
  await page.waitForTimeout(1_300);
  expect((await keysKept(page)).length).toBeGreaterThan(0);
  await page.goto("/account");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.locator("main.door").waitFor();
  await other.waitForURL("/");
  await other.locator("main.door").waitFor();
  await page.waitForTimeout(700);
  expect(await keysKept(page)).toEqual([]);
  expect(await other.getByText("You have been signed out").count()).toBe(0);
  await page.goto(`/r/${room}`);
  await page.locator("main.door").waitFor();
});

it("a room that is joined while the first list of rooms is on its way stays in the inbox", async () => {
  const [alice, room] = [await somebody("Alice"), fresh("late-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, "/account");
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let lists = 0;
  await page.route("**/api/v1/rooms?limit=*", async (route) => {
    lists += 1;
    const isFirst = lists === 1;
    const response = await route.fetch();
    if (isFirst) await gate;
    await route.fulfill({ response });
  });
  await page.reload();
  await eventually(() => lists).toBeGreaterThan(0);
  await page.waitForTimeout(500);
  await join(alice, room);
  const row = page.locator(`.inbox-row[href="/r/${room}"]`);
  await row.waitFor();
  open();
  await page.waitForTimeout(700);
  expect(await row.count()).toBe(1);
});

it("a revoked session is shown the door within 1 s; whoever signs in there next finds nothing of the former user", async () => {
  const [alice, bob, room] = [await somebody("Alice"), await somebody("Bob"), fresh("door-")];
  await web.say(alice, room, "hello");
  const page = await signedIn(alice, `/r/${room}`);
  await untilStored(page, "hello");
  await composer(page).fill("For Alice only");
  await ask(alice, "POST", `${web.urlOf("auth")}/api/v1/logout-all`);
  const at = performance.now();
  await page.locator("main.door").waitFor();
  expect(performance.now() - at).toBeLessThan(1_000);
  expect(await page.getByText("You have been signed out").count()).toBe(1);
  await page.getByLabel("Username").fill(bob.username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".self", { hasText: bob.username }).waitFor();
  await untilStored(page, "hello");
  expect(await composer(page).inputValue()).toBe("");
});

it("the policy refuses HTML made of text, scripts and images of others; these tests would hear of it", async () => {
  const page = await (await profile()).newPage();
  await page.goto("/");
  await page.evaluate(() => {
    const refused = (work: () => void) => {
      try {
        work();
      } catch {
        // Trusted Types throw.
      }
    };
    refused(() => {
      document.body.innerHTML = "<b>no</b>";
    });
    refused(() => {
      document.createElement("script").src = "http://other.test/x.js";
    });
    new Image().src = "http://other.test/x.png";
  });
  await eventually(() => web.faults.join()).toMatch(/policy: img-src/);
  await page.waitForTimeout(200);
  const told = web.faults.splice(0).filter((one) => one.startsWith("policy: "));
  expect(told.map((one) => one.split(" ")[1])).toEqual([
    "require-trusted-types-for",
    "require-trusted-types-for",
    "img-src",
  ]);
});
