import type { Frame, Notification } from "./frames.ts";
import type { Http } from "./http.ts";
import { createLive } from "./live.ts";
import type { Feed } from "./types.ts";

/** Notifications in a page, and in memory. */
const PAGE = 50;
const ITEMS_MAX = 1_000;

/** The user's notifications, the newest first. */
export function createNotifications(http: Http, report: (error: unknown) => void) {
  const items = createLive<readonly Notification[]>([], report);
  const set = (next: readonly Notification[]) => items.set(next.slice(0, ITEMS_MAX));
  const without = (id: string) => items.value.filter((one) => one.id !== id);
  const mark = (isMeant: (one: Notification) => boolean) => {
    const readAt = new Date().toISOString();
    set(items.value.map((one) => (isMeant(one) && !one.readAt ? { ...one, readAt } : one)));
  };
  const feed: Feed<Notification> = {
    items,
    async more() {
      const query = { before: items.value.at(-1)?.id, limit: PAGE };
      const { data } = await http<Notification[]>("GET", "/notifications", { query });
      set([...items.value, ...data]);
      return data.length >= PAGE;
    },
    async read(id) {
      await http("PUT", `/notifications/${encodeURIComponent(id)}/read`);
      mark((one) => one.id === id);
    },
    async readAll() {
      const body = { upTo: items.value[0]?.id };
      await http("PUT", "/notifications/read-all", { body });
      mark(() => true);
    },
  };
  return {
    feed,
    take({ type, id = "", notification }: Frame): void {
      const one = notification as Notification;
      if (type === "notification_removed") set(without(id));
      if (type === "notification") set([one, ...without(one.id)]);
    },
    clear: () => items.set([]),
  };
}
