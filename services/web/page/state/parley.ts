import { createParley, type Options, type Profile } from "@parley/client";
import { indexedDbStore } from "@parley/client/indexeddb";
import { shareTabs } from "@parley/client/tabs";

/** What the server wrote into the document: one origin, or the ports of the services at the page's own host. */
function apiUrl(): Options["url"] {
  const { content = "" } = document.querySelector<HTMLMetaElement>('meta[name="parley-api"]') ?? {};
  const api = JSON.parse(content) as string | { auth: number; send: number; listen: number };
  if (typeof api === "string") return api;
  const at = (port: number) => `${location.protocol}//${location.hostname}:${port}`;
  return { auth: at(api.auth), send: at(api.send), listen: at(api.listen) };
}

/** What survives a reload: the client's, and the page's own under keys that begin with `page/`. Sign-out clears it. */
const database = indexedDbStore();

/** The one client of the page. */
export const parley = createParley({ url: apiUrl(), store: database, tabs: shareTabs() });

/** What is kept under a key of the page; undefined if nothing is, or the browser keeps nothing. */
export async function kept<T>(key: string): Promise<T | undefined> {
  return (await database.get(`page/${key}`).catch(() => undefined)) as T | undefined;
}

/** Everything that is kept under keys that begin with `prefix`, which is left out of them. */
export async function keptUnder<T>(prefix: string): Promise<[key: string, value: T][]> {
  const all = await database.list(`page/${prefix}`).catch(() => []);
  return all.map(([key, value]) => [key.slice(`page/${prefix}`.length), value as T]);
}

/** The page is about to go, with what was kept for its user. */
let isOver = false;

/** Keeps a value; undefined removes it. A browser that keeps nothing is no error. */
export function keep(key: string, value: unknown): void {
  if (isOver) return;
  database.set(`page/${key}`, value).catch(() => undefined);
}

/** Keeps nothing any more until the page is loaded anew, and forgets what is kept if `isLost` says so of the user whose it is. */
export async function stopKeeping(isLost: (user: string | undefined) => boolean): Promise<void> {
  isOver = true;
  if (isLost((await kept<Profile>("me"))?.id)) await database.clear().catch(() => undefined);
}
