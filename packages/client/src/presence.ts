import type { Frame, Presence, PresenceNotice, RoomPresence } from "./frames.ts";
import type { Http } from "./http.ts";
import { createLive, type Writable } from "./live.ts";
import type { Live } from "./types.ts";

type Notices = PresenceNotice & Partial<Pick<RoomPresence, "came" | "left">>;

/** Who is online, of those that somebody watches. A user is asked for when the first watcher comes, and after an outage. */
export function createPresence(http: Http, report: (error: unknown) => void) {
  const watched = new Map<string, Writable<Presence | null>>();
  const ask = (userId: string, live: Writable<Presence | null>) => {
    const path = `/presence/user/${encodeURIComponent(userId)}`;
    http<Presence>("GET", path).then(
      ({ data }) => live.set(data),
      () => undefined,
    );
  };
  return {
    of(userId: string): Live<Presence | null> {
      const live: Writable<Presence | null> =
        watched.get(userId) ??
        createLive<Presence | null>(null, report, () => {
          watched.set(userId, live);
          ask(userId, live);
          return () => watched.delete(userId);
        });
      return live;
    },
    take(frame: Frame): void {
      const { user, isOnline, lastSeen, came = [], left = [] } = frame as unknown as Notices;
      if (frame.type === "presence") watched.get(user.id)?.set({ isOnline, lastSeen });
      // Of `room_presence`: who has left the room may be online still.
      for (const { id } of [...came, ...left]) {
        const live = watched.get(id);
        if (live) ask(id, live);
      }
    },
    online(): void {
      for (const [userId, live] of watched) ask(userId, live);
    },
  };
}
