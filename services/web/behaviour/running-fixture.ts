import type { Account } from "@parley/devstack/accounts";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { PageStack } from "./page-stack-fixture.ts";

/** What shall become true does so in that time, ms. */
const EVENTUALLY_MS = 20_000;
/** Messages that one author of a crowd writes: as many as the limit allows at once. */
const AT_ONCE = 40;

/** The services and the browser that all tests of a file share. */
export let web: PageStack;
const contexts: BrowserContext[] = [];
let count = 0;

/** Starts what a file of tests needs; after each test no fault of the page may be left, and no window. */
export function usePageStack(options: Parameters<typeof PageStack.start>[0] = {}): void {
  beforeAll(async () => {
    web = await PageStack.start(options);
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((one) => one.close()));
    expect(web.faults.splice(0)).toEqual([]);
  });
  afterAll(() => web?.stop());
}

/** Waits until what `look` gives is as expected. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: EVENTUALLY_MS });

/** A name that nothing else has. */
export function fresh(name: string): string {
  count += 1;
  return `${name}${count}`;
}

/** Somebody new, whose display name is `name`. */
export const somebody = (name: string): Promise<Account> => web.person(fresh(name.toLowerCase()), name);

/** A browser profile that is closed after the test. */
export async function profile(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await web.context(options);
  contexts.push(context);
  return context;
}

/** Signs somebody in, in a browser of their own. */
export const signedIn = async (
  { username }: Account,
  path = "/",
  options: BrowserContextOptions = {},
): Promise<Page> => web.signIn(await profile(options), username, path);

/** Asks a service as somebody. */
export async function ask({ token }: Account, method: string, url: string): Promise<unknown> {
  const answer = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.status === 204 ? undefined : ((await answer.json()) as { data: unknown }).data;
}

const roomUrl = (room: string): string => `${web.urlOf("ws-consumer")}/api/v1/rooms/${room}`;
/** Makes somebody a member of a channel. */
export const join = (who: Account, room: string): Promise<unknown> =>
  ask(who, "POST", `${roomUrl(room)}/join`);

/** The texts of a room's newest messages, as the server has them. */
export async function history(who: Account, room: string): Promise<string[]> {
  const messages = (await ask(who, "GET", `${roomUrl(room)}/messages?limit=100`)) as { body: string }[];
  return messages.map(({ body }) => body);
}

/** Writes `total` messages of several lengths into a channel, by as many authors as the limit of messages asks for. */
export async function crowd(room: string, total: number): Promise<void> {
  const authors = Math.ceil(total / AT_ONCE);
  await Promise.all(
    Array.from({ length: authors }, async (_, author) => {
      const one = await somebody(`Writer ${author}`.replace(" ", ""));
      for (let n = author; n < total; n += authors)
        await web.say(one, room, `Message ${n} ${"of many words ".repeat((n * 7) % 30)}`);
    }),
  );
}

/** The keys under which the browser keeps something of the page, once it has kept something. */
export const keysKept = (page: Page): Promise<string[]> =>
  page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open("parley");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const keys = opening.result.transaction("entries").objectStore("entries").getAllKeys();
          keys.onsuccess = () => {
            opening.result.close();
            resolve(keys.result.map(String));
          };
        };
      }),
  );

/** The text field of the room. */
export const composer = (page: Page) => page.locator(".composer textarea");

/** Writes and sends a message. */
export async function send(page: Page, body: string): Promise<void> {
  await composer(page).fill(body);
  await composer(page).press("Enter");
}

/** The messages that are shown, in their order; unsent ones end with `…`. */
export const shownTexts = (page: Page): Promise<string[]> =>
  page
    .locator("li.row")
    .evaluateAll((rows) =>
      rows.map(
        (row) =>
          `${row.querySelector(".body")?.textContent}${(row as HTMLElement).dataset.seq === undefined ? "…" : ""}`,
      ),
    );

/** Waits until a message of that text is shown and stored. */
export const untilStored = (page: Page, body: string): Promise<void> =>
  page.locator("li[data-seq] .body", { hasText: body }).first().waitFor();

/** Waits until the rows of a room are there. */
export const untilShown = (page: Page): Promise<void> => page.locator("li[data-seq]").first().waitFor();

type ServiceOf = "auth" | "ws-producer" | "ws-consumer";
/** Does something while services hang: they hold their connections and answer nothing. */
export async function whileHung<T>(names: readonly ServiceOf[], work: () => Promise<T>): Promise<T> {
  const signal = (name: "SIGSTOP" | "SIGCONT") =>
    Promise.all(names.map((one) => web.stack.service(one).kill(name)));
  await signal("SIGSTOP");
  try {
    return await work();
  } finally {
    await signal("SIGCONT");
  }
}
