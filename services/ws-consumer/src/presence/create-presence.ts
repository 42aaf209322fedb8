import type { Hub } from "../delivery/hub.ts";
import type { User } from "../rooms/rules/user.ts";
import { LocalPresence } from "./local-presence.ts";
import { OnlineUsers, type UserChange } from "./online-users.ts";
import { CROWD_MIN, PresenceNews } from "./presence-news.ts";
import { Typing } from "./typing.ts";

/** How long changes gather before listeners are told, ms: one frame for all rooms that a resume opens. */
const NEWS_MS = 10;
const CROWD_NEWS_MS = 2_000;
/** Interval at which time limits are checked, ms. */
const SWEEP_MS = 250;

type PresenceDependencies = Readonly<{
  hub: Pick<Hub, "broadcast">;
  /** Name of this process; it must differ from those of earlier ones. */
  instance: string;
  /** Stores that these users were online until now. */
  noteLastSeen: (userIds: readonly string[]) => Promise<void>;
  onFault: (error: unknown, what: string) => void;
  /** Monotonic, ms. */
  now: () => number;
}>;

/** Who has a room open, as a new listener is told. */
export type RoomPresence = Readonly<{
  online: number;
  /** The other users; empty if there are more than `CROWD_MIN`. */
  users: readonly User[];
}>;

/**
 * Creates what keeps presence and typing. Changes at this instance are applied at once, whether NATS is there or not, and
 * passed to `onLocalChange` for the others.
 */
export function createPresence({ hub, instance, noteLastSeen, onFault, now }: PresenceDependencies) {
  let onLocalChange: (change: UserChange) => void = () => undefined;
  let newsTimer: NodeJS.Timeout | undefined;
  const gone = new Set<string>();
  const news = new PresenceNews(
    (rooms, frame, exceptUserId) => hub.broadcast(rooms, frame, exceptUserId),
    (user: User) => void gone.add(user.id),
    () => {
      newsTimer = setTimeout(() => news.flush(online), NEWS_MS);
    },
  );
  const online = new OnlineUsers(news);
  const local = new LocalPresence((change) => {
    online.apply(instance, change);
    onLocalChange(change);
  }, now);
  const typing = new Typing((room, user, isTyping) => {
    hub.broadcast([room], { type: "typing", room, user, isTyping }, user.id);
  }, now);
  const noteGone = async () => {
    const ids = [...gone].filter((id) => !online.has(id));
    gone.clear();
    if (ids.length > 0) await noteLastSeen(ids);
  };
  const timers = [
    setInterval(() => {
      local.sweep();
      typing.sweep();
      noteGone().catch((error) => onFault(error, "last seen could not be stored"));
    }, SWEEP_MS),
    setInterval(() => news.flushCrowds(online), CROWD_NEWS_MS),
  ];
  return {
    instance,
    online,
    local,
    typing,
    /** Sets the function that passes changes at this instance to the others. */
    forwardTo(forward: (change: UserChange) => void): void {
      onLocalChange = forward;
    },
    inRoom(room: string, userId: string): RoomPresence {
      const count = online.count(room);
      const users = count > CROWD_MIN ? [] : online.list(CROWD_MIN, room);
      return { online: count, users: users.filter(({ id }) => id !== userId) };
    },
    /** Stops the timers, and stores that the users of this instance were online until now. */
    async close(): Promise<void> {
      timers.forEach(clearInterval);
      clearTimeout(newsTimer);
      online.remove(instance);
      await noteGone().catch((error) => onFault(error, "last seen could not be stored"));
    },
  };
}

export type InstancePresence = ReturnType<typeof createPresence>;
