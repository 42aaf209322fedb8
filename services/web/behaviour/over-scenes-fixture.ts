import type { BrowserContext, Page, WebSocketRoute } from "playwright-core";
import type { Scene, Seeded } from "./more-scenes-fixture.ts";
import type { PageStack } from "./page-stack-fixture.ts";

/** The first room, with no row under the mouse. */
export async function inRoom(stack: PageStack, context: BrowserContext): Promise<Page> {
  const page = await stack.signIn(context, "alice", "/r/general");
  await page.locator(".row").first().waitFor();
  await page.mouse.move(0, 0);
  return page;
}

/** What is written in the room, and completed. */
const writing =
  (text: string): Scene =>
  async (stack, context) => {
    const page = await inRoom(stack, context);
    await page.getByRole("textbox").pressSequentially(text);
    await page.getByRole("option").first().waitFor();
    return page;
  };

async function emojiList(stack: PageStack, context: BrowserContext): Promise<Page> {
  const page = await inRoom(stack, context);
  await page.locator(".row").nth(2).focus();
  await page.getByRole("button", { name: "React", exact: true }).click();
  await page.getByRole("button", { name: "More emoji" }).click();
  await page.locator(".emoji-grid button").first().waitFor();
  return page;
}

/** What is photographed of what lies over the page, by name. */
export const OVER_SCENES: Readonly<Record<string, Scene>> = {
  async keys(stack, context) {
    const page = await inRoom(stack, context);
    await page.locator(".row").first().focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    return page;
  },
  async switcher(stack, context) {
    const page = await inRoom(stack, context);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("d");
    await page.getByText("Write to").first().waitFor();
    return page;
  },
  async "switcher-none"(stack, context) {
    const page = await inRoom(stack, context);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("zebra");
    return page;
  },
  "complete-people": writing("Thank you, @"),
  "complete-emoji": writing("Well done :party"),
  emoji: emojiList,
  async "emoji-none"(stack, context) {
    const page = await emojiList(stack, context);
    await page.getByLabel("Find an emoji by name").fill("no such emoji");
    return page;
  },
  async "room-react"(stack, context) {
    const page = await inRoom(stack, context);
    await page.locator(".row").nth(2).focus();
    await page.getByRole("button", { name: "React", exact: true }).click();
    return page;
  },
  async "try-now"(stack, context) {
    let isDown = false;
    const open: WebSocketRoute[] = [];
    await context.routeWebSocket(/\/ws/, (socket) => {
      if (isDown) return void socket.close();
      socket.connectToServer();
      open.push(socket);
    });
    const page = await inRoom(stack, context);
    await page.evaluate(() => {
      Math.random = () => 0.999;
    });
    isDown = true;
    for (const one of open) await one.close();
    await page.getByRole("textbox").fill("This one waits.");
    await page.getByRole("textbox").press("Enter");
    await page.getByRole("button", { name: "Try now" }).waitFor();
    return page;
  },
  async "leave-last-owner"(stack, context, { group }: Seeded) {
    const page = await stack.signIn(context, "alice", `/r/${group}/details`);
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByLabel("New owner").waitFor();
    return page;
  },
};
