import type { Page } from "playwright-core";
import type { TestPage } from "./browser-page.tsx";
import { browser, services } from "./running-fixture.ts";
import { until } from "./stack-fixture.ts";

declare const page: TestPage;

/** A tab in a profile of its own. */
export const openTab = async (): Promise<Page> => browser.tab(await browser.context());

export const stateOf = (tab: Page) => tab.evaluate(() => page.state());
export const textsIn = (tab: Page, room: string) => tab.evaluate((id) => page.texts(id) ?? [], room);

/** Waits until the page's client is in a state. */
export const untilState = (tab: Page, state: string) =>
  until(`the tab is ${state}`, async () => (await stateOf(tab)) === state);

type ClientOptions = Parameters<TestPage["client"]>[2];

/** A tab whose client has a room open and is on line. */
export async function openClient(room: string, token: string, options: ClientOptions = {}): Promise<Page> {
  const tab = await openTab();
  await tab.evaluate(([url, known, id, o]) => void page.client(url, known, o).rooms.get(id).open(), [
    services.url,
    token,
    room,
    options,
  ] as const);
  await untilState(tab, "online");
  return tab;
}
