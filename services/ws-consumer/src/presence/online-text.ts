import type { PresenceFrame } from "@parley/protocol/server-frames";
import type { User } from "../rooms/rules/user.ts";

const TEXTS = new WeakMap<User, string>();

/**
 * The frame that says that a user is online, as text. It is made once for each user, because everybody who opens a room is
 * told of all of its users.
 */
export function onlineText(user: User): string {
  let text = TEXTS.get(user);
  if (text === undefined) {
    text = JSON.stringify({ type: "presence", user, isOnline: true, lastSeen: null } satisfies PresenceFrame);
    TEXTS.set(user, text);
  }
  return text;
}
