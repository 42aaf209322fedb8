import type { Frame, Presence, PresenceNotice, RoomPresence } from "./frames.ts";
import type { Http } from "./http.ts";
import { createLive, type Writable } from "./live.ts";
import type { Live } from "./types.ts";

/** Users in one request. */
const IDS_MAX = 100;

type Notices = PresenceNotice & Partial<Pick<RoomPresence, "came" | "left">>;

/**
 * Who is online, of those that somebody watches. A user is asked for when the first watcher comes, and after an outage;
 * those of one turn together.
 */
export function createPresence(http: Http, report: (error: unknown) => void) {
  const watched = new Map<string, Writable<Presence | null>>();
  const asked: string[] = [];
  const set = ({ user, isOnline, lastSeen }: PresenceNotice) =>
    watched.get(user.id)?.set({ isOnline, lastSeen });
  const flush = () => {
    while (asked.length > 0) {
      const query = { ids: asked.splice(0, IDS_MAX).join() };
      http<PresenceNotice[]>("GET", "/presence/users", { query }).then(
        ({ data }) => data.forEach(set),
        () => undefined,
      );
    }
  };
  const ask = (userId: string) => {
    if (watched.has(userId) && asked.push(userId) === 1) queueMicrotask(flush);
  };
  return {
    of(userId: string): Live<Presence | null> {
      const live: Writable<Presence | null> =
        watched.get(userId) ??
        createLive<Presence | null>(null, report, () => {
          watched.set(userId, live);
          ask(userId);
          return () => watched.delete(userId);
        });
      return live;
    },
    take(frame: Frame): void {
      const notice = frame as unknown as Notices;
      if (frame.type === "presence") set(notice);
      // Of `room_presence`: who has left the room may be online still.
      for (const { id } of [...(notice.came ?? []), ...(notice.left ?? [])]) ask(id);
    },
    online(): void {
      for (const userId of watched.keys()) ask(userId);
    },
  };
}
