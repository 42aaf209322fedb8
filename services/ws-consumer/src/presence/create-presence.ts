import type { PresenceFrame, TypingNoticeFrame } from "@parley/protocol/server-frames";
import type { Hub } from "../delivery/hub.ts";
import { LocalPresence } from "./local-presence.ts";
import { PresenceBoard } from "./presence-board.ts";
import { Typing } from "./typing.ts";

export type PresenceParts = Readonly<{
  hub: Hub;
  instance: string;
  /** Notes that these users were online until now. */
  noteLastSeen: (userIds: readonly string[]) => Promise<void>;
  onFault: (error: unknown, what: string) => void;
  now: () => number;
}>;

/** Who is here, who is anywhere, and who writes; what changes is told to those who have a room open in common. */
export function createPresence({ hub, instance, noteLastSeen, onFault, now }: PresenceParts) {
  const board = new PresenceBoard(
    (user, isOnline, lastSeen, rooms) => {
      const frame: PresenceFrame = {
        type: "presence",
        user,
        isOnline,
        lastSeen: lastSeen?.toISOString() ?? null,
      };
      hub.whisper(rooms, frame, user.id);
    },
    (userIds) => void noteLastSeen(userIds).catch((error) => onFault(error, "last seen could not be noted")),
    now,
  );
  const typing = new Typing((room, user, isTyping) => {
    hub.whisper([room], { type: "typing", room, user, isTyping } satisfies TypingNoticeFrame, user.id);
  }, now);
  return { board, typing, local: new LocalPresence(instance) };
}

export type PresenceOfInstance = ReturnType<typeof createPresence>;
