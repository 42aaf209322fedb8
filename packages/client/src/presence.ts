import type { Presence, PresenceNotice } from "./frames.ts";
import type { Http } from "./http.ts";
import { createLive, type Writable } from "./live.ts";
import type { Live } from "./types.ts";

/** Who is online, of those that somebody watches. A user is asked for when the first watcher comes, and after an outage. */
export function createPresence(http: Http, report: (error: unknown) => void) {
  const watched = new Map<string, Writable<Presence | null>>();
  const ask = (userId: string, live: Writable<Presence | null>) => {
    const path = `/presence/user/${encodeURIComponent(userId)}`;
    http<Presence>("GET", path).then(
      ({ data: { isOnline, lastSeen } }) => live.set({ isOnline, lastSeen }),
      () => undefined,
    );
  };
  return {
    of(userId: string): Live<Presence | null> {
      const known = watched.get(userId);
      if (known) return known;
      const live: Writable<Presence | null> = createLive<Presence | null>(null, report, () => {
        watched.set(userId, live);
        ask(userId, live);
        return () => watched.delete(userId);
      });
      return live;
    },
    take: ({ user, isOnline, lastSeen }: PresenceNotice) => watched.get(user.id)?.set({ isOnline, lastSeen }),
    online(): void {
      for (const [userId, live] of watched) ask(userId, live);
    },
  };
}
