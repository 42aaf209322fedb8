import { postJson } from "@parley/devstack/accounts";
import { expect, it } from "vitest";
import { PASSWORD } from "./page-stack-fixture.ts";
import {
  ask,
  composer,
  fresh,
  join,
  profile,
  send,
  signedIn,
  somebody,
  untilStored,
  web,
} from "./running-fixture.ts";

it("a group: made, a link got and taken by somebody new, a role given, somebody removed, left", async () => {
  const [anna, title] = [await somebody("Anna"), fresh("Plans")];
  const hers = await signedIn(anna, "/new?kind=group");
  await hers.getByLabel("Name of the group").fill(title);
  await hers.getByRole("button", { name: "Create group" }).click();
  await composer(hers).waitFor();
  await hers.getByRole("link", { name: "About this room" }).click();
  await hers.getByRole("button", { name: "Get a link" }).click();
  const link = await hers.getByRole("textbox", { name: "Invitation link" }).inputValue();

  const his = await (await profile()).newPage();
  await his.goto(new URL(link).pathname);
  await his.getByText("You have a link to a room").waitFor();
  await his.getByLabel("Username").fill(fresh("newcomer"));
  await his.getByLabel("Name others see").fill("Nick");
  await his.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await his.getByRole("button", { name: "Create account" }).click();
  await send(his, "Here I am");
  await untilStored(hers, "Here I am");
  expect(await his.locator("h1").first().textContent()).toBe(title);

  await hers.getByLabel("Role of Nick").selectOption("admin");
  await expect.poll(() => hers.getByLabel("Role of Nick").inputValue()).toBe("admin");
  await hers.getByRole("button", { name: "Remove Nick" }).click();
  await hers.getByRole("button", { name: "Remove", exact: true }).click();
  await hers.getByLabel("Role of Nick").waitFor({ state: "detached" });
  await his.locator(".inbox-row", { hasText: title }).waitFor({ state: "detached" });
  await his.getByRole("heading", { name: "This room is not there" }).waitFor();
  expect(await his.getByText("Here I am").count()).toBe(0);

  await hers.getByRole("button", { name: "Leave" }).click();
  const dialog = hers.getByRole("dialog");
  await dialog.getByText("Delete it instead").waitFor();
  await hers.keyboard.press("Escape");
  await expect.poll(() => hers.evaluate(() => document.activeElement?.textContent)).toBe("Leave");
  await hers.getByRole("button", { name: "Delete room" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await hers.locator(".inbox-row", { hasText: title }).waitFor({ state: "detached" });
  for (const path of [new URL(his.url()).pathname, "/r/UPPER"]) {
    await hers.goto(path);
    await hers.getByRole("heading", { name: "This room is not there" }).waitFor();
    expect(await hers.getByRole("button", { name: "Join" }).count()).toBe(0);
  }
});

it("a link is taken by itself for somebody new, also where somebody else was signed in before", async () => {
  const [anna, boris, title] = [await somebody("Anna"), await somebody("Boris"), fresh("Plans")];
  const listen = `${web.urlOf("ws-consumer")}/api/v1`;
  const group = (await postJson(`${listen}/rooms`, { kind: "group", title }, anna.token)) as { id: string };
  const link = (await ask(anna, "POST", `${listen}/rooms/${group.id}/invites`)) as { code: string };
  const page = await signedIn(boris);
  await ask(boris, "POST", `${web.urlOf("auth")}/api/v1/logout-all`);
  await page.locator("main.door").waitFor();
  await page.goto(`/invite/${link.code}`);
  await page.getByLabel("Username").fill(fresh("newcomer"));
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByLabel(`Message to ${title}`).waitFor();
});

it("who leaves a channel on another device reads on in it, and keeps the text field", async () => {
  const [anna, room] = [await somebody("Anna"), fresh("left-")];
  await web.say(anna, room, "hello");
  await join(anna, room);
  const page = await signedIn(anna, `/r/${room}`);
  await untilStored(page, "hello");
  const field = await composer(page).elementHandle();
  await ask(anna, "POST", `${web.urlOf("ws-consumer")}/api/v1/rooms/${room}/leave`);
  await page.getByRole("button", { name: "Join", exact: true }).waitFor();
  await page.waitForTimeout(300);
  expect(await field?.evaluate((one) => one === document.querySelector(".composer textarea"))).toBe(true);
  await untilStored(page, "hello");
});

it("an invitation is told to who comes back to the page, accepted, and gone; the last owner leaves and names another", async () => {
  const [anna, boris, title] = [await somebody("Anna"), await somebody("Boris"), fresh("Secret")];
  const listen = `${web.urlOf("ws-consumer")}/api/v1`;
  const page = await signedIn(boris);
  const group = await postJson(`${listen}/rooms`, { kind: "group", title, members: [boris.id] }, anna.token);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.getByRole("link", { name: "1 invitation" }).click();
  await page.getByRole("button", { name: `Accept: ${title}` }).click();
  await page.locator(".inbox-row.is-open", { hasText: title }).waitFor();
  expect(await page.getByText("1 invitation").count()).toBe(0);

  const { id } = group as { id: string };
  const hers = await signedIn(anna, `/r/${id}/details`);
  await hers.getByRole("button", { name: "Leave" }).click();
  const dialog = hers.getByRole("dialog");
  await dialog.getByLabel("New owner").selectOption("Boris");
  await dialog.getByRole("button", { name: "Leave" }).click();
  await hers.locator(".inbox-row", { hasText: title }).waitFor({ state: "detached" });
  const room = await ask(boris, "GET", `${listen}/rooms/${id}`);
  expect(room).toMatchObject({ role: "owner" });
});

it("a block: nothing is written to the direct chat, which says so on both sides, until it is taken back", async () => {
  const [anna, boris] = [await somebody("Anna"), await somebody("Boris")];
  const hers = await signedIn(anna, "/new");
  await hers.getByRole("combobox").fill(boris.username);
  await hers.getByRole("option").first().waitFor();
  await hers.getByRole("combobox").press("Enter");
  await send(hers, "Hello Boris");
  const his = await signedIn(boris);
  await his.locator(".inbox-row", { hasText: "Anna" }).click();
  await untilStored(his, "Hello Boris");
  await hers.getByRole("link", { name: "About this room" }).click();
  await hers.getByRole("button", { name: "Block", exact: true }).click();
  await hers.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await hers.locator(".room-bar", { hasText: "You have blocked Boris" }).waitFor();
  await send(his, "Are you there?");
  await his.getByText("takes no messages from you").waitFor();
  await hers.locator(".room-bar").getByRole("button", { name: "Unblock" }).click();
  await hers.locator(".room-bar").waitFor({ state: "detached" });
  await his.getByRole("button", { name: "Send again" }).click();
  await untilStored(hers, "Are you there?");
});

it("an account: renamed, password changed with the other device signed out, deleted", async () => {
  const anna = await somebody("Anna");
  const [here, there] = [await signedIn(anna, "/account"), await signedIn(anna)];
  await here.getByLabel("Name others see").fill("Anna Maria");
  await here.getByRole("button", { name: "Save" }).click();
  await here.locator(".self", { hasText: "Anna Maria" }).waitFor();
  await here.getByLabel("Current password").fill(PASSWORD);
  await here.getByLabel("New password").fill("another good horse");
  await here.getByRole("button", { name: "Change password" }).click();
  await there.getByText("You have been signed out").waitFor();
  const download = here.waitForEvent("download");
  await here.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe(`parley-${anna.username}.json`);
  await here.getByRole("button", { name: "Delete account" }).click();
  await here.getByLabel("Your password").fill("another good horse");
  await here.getByRole("button", { name: "Delete for good" }).click();
  await here.getByLabel("Username").waitFor();
});
