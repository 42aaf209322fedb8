import type { PresenceFrame, TypingNoticeFrame } from "@parley/protocol/server-frames";
import type { Hub } from "../delivery/hub.ts";
import { LocalPresence } from "./local-presence.ts";
import { OnlineUsers } from "./online-users.ts";
import { Typing } from "./typing.ts";

type PresenceDependencies = Readonly<{
  hub: Hub;
  instance: string;
  /** Stores that these users were online until now. */
  noteLastSeen: (userIds: readonly string[]) => Promise<void>;
  onFault: (error: unknown, what: string) => void;
  /** Monotonic, ms. */
  now: () => number;
}>;

/**
 * Creates what keeps presence and typing. Changes are broadcast to the listeners of the rooms that the user has open.
 */
export function createPresence({ hub, instance, noteLastSeen, onFault, now }: PresenceDependencies) {
  const online = new OnlineUsers(
    (user, isOnline, lastSeen, rooms) => {
      const frame: PresenceFrame = {
        type: "presence",
        user,
        isOnline,
        lastSeen: lastSeen?.toISOString() ?? null,
      };
      hub.broadcast(rooms, frame, user.id);
    },
    (userIds) => void noteLastSeen(userIds).catch((error) => onFault(error, "last seen could not be stored")),
    now,
  );
  const typing = new Typing((room, user, isTyping) => {
    hub.broadcast([room], { type: "typing", room, user, isTyping } satisfies TypingNoticeFrame, user.id);
  }, now);
  return { online, typing, local: new LocalPresence(instance) };
}

export type InstancePresence = ReturnType<typeof createPresence>;
