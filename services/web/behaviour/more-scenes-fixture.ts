import { type Account, postJson } from "@parley/devstack/accounts";
import type { BrowserContext, Page } from "playwright-core";
import type { PageStack } from "./page-stack-fixture.ts";

/** Who the rooms of the pictures are of, and the id of alice's group. */
export type Seeded = Readonly<{ alice: Account; bob: Account; carol: Account; group: string }>;
/** Brings the page to what is photographed. */
export type Scene = (stack: PageStack, context: BrowserContext, people: Seeded) => Promise<Page>;

/** Code of no link. */
const NO_CODE = "0".repeat(26);

/** Seeded and rooms of the screens beside rooms: channels to be found, invitations, somebody who is blocked. */
export async function seedMore(stack: PageStack, { alice, bob, carol, group }: Seeded): Promise<void> {
  const listen = `${stack.urlOf("ws-consumer")}/api/v1`;
  const [dave, eve] = await Promise.all([
    stack.person("dave.w", "Dave Whitfield"),
    stack.person("eve", "Eve Larsen"),
  ]);
  for (const [name, title] of [
    ["support", "Support desk"],
    ["release-notes", "Release notes"],
    ["lunch", "Lunch"],
  ])
    await postJson(`${listen}/rooms`, { kind: "channel", name, title }, carol.token);
  await stack.say(carol, "lunch", "Soup or noodles?");
  for (const title of ["Budget 2027", "Office move"])
    await postJson(`${listen}/rooms`, { kind: "group", title, members: [alice.id] }, dave.token);
  for (const room of ["general", "design"])
    for (const { token } of [bob, carol]) await postJson(`${listen}/rooms/${room}/join`, {}, token);
  for (const { id } of [bob, carol])
    await postJson(`${listen}/rooms/${group}/members`, { userId: id }, alice.token);
  const direct = await postJson(`${listen}/directs`, { userId: alice.id }, eve.token);
  await stack.say(eve, (direct as { id: string }).id, "You have won a prize!");
  await postJson(`${listen}/me/blocks`, { userId: eve.id }, alice.token);
}

/** A screen at an address, once something of it is there. */
const at =
  (path: string, text: string | RegExp): Scene =>
  async (stack, context) => {
    const page = await stack.signIn(context, "alice", path);
    await page.locator(".screen").getByText(text).first().waitFor();
    return page;
  };

/** The details of alice's group. */
async function groupDetails(stack: PageStack, context: BrowserContext, { group }: Seeded): Promise<Page> {
  const page = await stack.signIn(context, "alice", `/r/${group}/details`);
  await page.locator(".details .person", { hasText: "Carol Lindqvist" }).waitFor();
  return page;
}

async function direct(stack: PageStack, context: BrowserContext, name: string): Promise<Page> {
  const page = await stack.signIn(context, "alice");
  await page.locator(".inbox-row", { hasText: name }).click();
  await page.locator(".row").first().waitFor();
  return page;
}

const openDetails = async (page: Page): Promise<Page> => {
  await page.getByRole("link", { name: "About this room" }).click();
  await page.getByText("Blocking").waitFor();
  return page;
};

/** The door of a server that lets others make accounts. */
async function atDoor({ url }: PageStack, context: BrowserContext, mode: "invite" | "closed"): Promise<Page> {
  await context.route(/\/registration\b/, (request) =>
    request.fulfill({
      json: { data: { mode } },
      headers: { "access-control-allow-origin": url, "access-control-allow-credentials": "true" },
    }),
  );
  const page = await context.newPage();
  await page.goto("/");
  return page;
}

/** What is photographed of the screens beside rooms, by name. */
export const MORE_SCENES: Readonly<Record<string, Scene>> = {
  channels: at("/channels", "Support desk"),
  async "channels-none"(stack, context, people) {
    const page = await (MORE_SCENES.channels as Scene)(stack, context, people);
    await page.getByLabel("Find a channel by name").fill("zebra");
    return page;
  },
  async "channels-unloaded"(stack, context) {
    const page = await stack.signIn(context, "alice");
    await page.route("**/rooms?list=channels*", (request) => request.abort());
    await page.getByRole("link", { name: "Channels" }).click();
    await page.getByText("could not be loaded").waitFor({ timeout: 30_000 });
    return page;
  },
  async "new-direct"(stack, context, people) {
    const page = await at("/new", "Direct")(stack, context, people);
    await page.getByRole("combobox").fill("d");
    await page.getByRole("option").first().waitFor();
    return page;
  },
  async "new-group"(stack, context, people) {
    const page = await at("/new?kind=group", "Members")(stack, context, people);
    await page.getByLabel("Name of the group").fill("Book club");
    for (const name of ["bob", "carol"]) {
      await page.getByRole("combobox").fill(name);
      await page.getByRole("option").first().waitFor();
      await page.getByRole("combobox").press("Enter");
    }
    return page;
  },
  async "new-channel"(stack, context, people) {
    const page = await at("/new?kind=channel", "Its address")(stack, context, people);
    await page.getByLabel("Name of the channel").fill("Release Notes!");
    await page.getByRole("button", { name: "Create channel" }).click();
    await page.getByRole("alert").waitFor();
    return page;
  },
  invitations: at("/invitations", "Budget 2027"),
  link: async (stack, context) => {
    const page = await stack.signIn(context, "alice");
    await page.goto(`/invite/${NO_CODE}`);
    await page.getByRole("button", { name: "Join the room" }).waitFor();
    return page;
  },
  "door-link": async (stack, context) => {
    const page = await context.newPage();
    await page.goto(`${stack.url}/invite/${NO_CODE}`);
    await page.getByText("You have a link").waitFor();
    return page;
  },
  async "door-invite"(stack, context) {
    const page = await atDoor(stack, context, "invite");
    await page.getByRole("button", { name: "New here?" }).click();
    await page.getByLabel("Invitation").waitFor();
    return page;
  },
  async "door-closed"(stack, context) {
    const page = await atDoor(stack, context, "closed");
    await page.getByText("No new accounts").waitFor();
    return page;
  },
  async "link-ended"(stack, context, people) {
    const page = await (MORE_SCENES.link as Scene)(stack, context, people);
    await page.getByRole("button", { name: "Join the room" }).click();
    await page.getByText("has ended").first().waitFor();
    return page;
  },
  details: groupDetails,
  async "details-link"(stack, context, people) {
    const page = await groupDetails(stack, context, people);
    await page.getByRole("button", { name: "Get a link" }).click();
    await page.getByLabel("Invitation link").and(page.locator("input")).waitFor();
    await page.getByRole("button", { name: "Delete room" }).scrollIntoViewIfNeeded();
    return page;
  },
  async "details-remove"(stack, context, people) {
    const page = await groupDetails(stack, context, people);
    await page.getByRole("button", { name: "Remove Bob Okafor" }).click();
    return page;
  },
  "details-direct": async (stack, context) => openDetails(await direct(stack, context, "Bob Okafor")),
  blocked: (stack, context) => direct(stack, context, "Eve Larsen"),
  "details-blocked": async (stack, context) => openDetails(await direct(stack, context, "Eve Larsen")),
  search: at("/search", "both words"),
  "search-found": at("/search?q=the%20release", "Carol Lindqvist"),
  "search-none": at("/search?q=zebra&room=general", "Nothing was found"),
  account: at("/account", "This device"),
  async "account-end"(stack, context, people) {
    const page = await at("/account", "This device")(stack, context, people);
    await page.getByRole("button", { name: "Delete account" }).scrollIntoViewIfNeeded();
    return page;
  },
  async "account-delete"(stack, context, people) {
    const page = await at("/account", "This device")(stack, context, people);
    await page.getByRole("button", { name: "Delete account" }).click();
    await page.getByLabel("Your password").fill("not this one");
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByText("is not your password").waitFor();
    return page;
  },
};
