import { postJson } from "@parley/devstack/accounts";
import { MORE_SCENES, type Scene, type Seeded, seedMore } from "./more-scenes-fixture.ts";
import { inRoom, OVER_SCENES } from "./over-scenes-fixture.ts";
import type { PageStack } from "./page-stack-fixture.ts";

export type People = Seeded;

/** Rooms with something in them, as a team would have after a morning. */
export async function seed(stack: PageStack): Promise<People> {
  const [alice, bob, carol] = await Promise.all([
    stack.person("alice", "Alice Moreau"),
    stack.person("bob", "Bob Okafor"),
    stack.person("carol", "Carol Lindqvist"),
  ]);
  const listen = stack.urlOf("ws-consumer");
  for (const body of [
    "Good morning! The release notes for **2.4** are ready for a look.",
    "They are at https://example.org/notes/2.4 and I would like to send them out *before noon*.",
  ])
    await stack.say(carol, "general", body);
  await stack.say(bob, "general", "Reading now.");
  await stack.say(
    bob,
    "general",
    "One thing: the upgrade step says `make migrate`, but it should be\n```sh\nmake stop\nmake migrate\nmake start\n```\notherwise old workers hold the lease.",
  );
  await stack.say(alice, "general", "Good catch, thank you. I'll change it.", { replyTo: 4 });
  await stack.say(carol, "general", "🎉");
  const group = await postJson(`${listen}/api/v1/rooms`, { kind: "group", title: "Launch" }, alice.token);
  const { id } = group as { id: string };
  await stack.say(alice, id, "Who takes the stand on Thursday?");
  const direct = await postJson(`${listen}/api/v1/directs`, { userId: alice.id }, bob.token);
  await stack.say(bob, (direct as { id: string }).id, "Do you have a minute for the numbers?");
  await stack.say(carol, "design", "New palette is in the shared folder.");
  for (const room of ["general", "design"])
    await postJson(`${listen}/api/v1/rooms/${room}/join`, {}, alice.token);
  await stack.say(carol, "design", "Tell me what you think of the *warm* greys.");
  const people = { alice, bob, carol, group: id };
  await seedMore(stack, people);
  return people;
}

/** What is photographed, by name. */
export const SCENES: Readonly<Record<string, Scene>> = {
  async "sign-in"(_stack, context) {
    const page = await context.newPage();
    await page.goto("/");
    await page.getByLabel("Username").waitFor();
    return page;
  },
  async register(_stack, context) {
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("button", { name: "New here?" }).click();
    return page;
  },
  async "sign-in-wrong"(stack, context) {
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByLabel("Username").fill("alice");
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("is wrong").waitFor();
    return page;
  },
  async inbox(stack, context) {
    const page = await stack.signIn(context, "alice");
    await page.locator(".inbox-row").first().waitFor();
    return page;
  },
  room: inRoom,
  async "room-actions"(stack, context) {
    const page = await inRoom(stack, context);
    await page.locator(".row").nth(2).hover();
    await page.locator(".row").nth(2).focus();
    return page;
  },
  async "room-reply"(stack, context) {
    const page = await inRoom(stack, context);
    await page.locator(".row").nth(1).focus();
    await page.getByRole("button", { name: "Reply", exact: true }).click();
    await page.getByRole("textbox").fill("Sounds good to me.");
    return page;
  },
  async "room-delete"(stack, context) {
    const page = await inRoom(stack, context);
    await page.locator(".row.is-mine").first().focus();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog", { name: "Delete this message?" }).waitFor();
    return page;
  },
  async "room-unsent"(stack, context) {
    const page = await inRoom(stack, context);
    const field = page.getByRole("textbox");
    await field.fill("The server takes no \u0001.");
    await field.press("Enter");
    await page.getByText("Not sent").waitFor();
    await context.setOffline(true);
    await stack.stack.service("ws-producer").kill("SIGSTOP");
    await field.fill("This one waits until we are back.");
    await field.press("Enter");
    await page.waitForTimeout(1_200);
    await stack.stack.service("ws-producer").kill("SIGCONT");
    return page;
  },
  async "room-missing"(stack, context) {
    const page = await stack.signIn(context, "alice", "/r/nowhere-to-be-found");
    await page.waitForTimeout(800);
    return page;
  },
  async lost(stack, context) {
    return stack.signIn(context, "alice", "/nothing/here");
  },
  ...OVER_SCENES,
  ...MORE_SCENES,
};
