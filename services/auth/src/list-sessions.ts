import type { ListedSession, Sessions } from "./sessions.ts";
import type { Caller } from "./verify-token.ts";

/** A session in its user's list; `isCurrent` marks the session that made the request. */
type OwnSession = ListedSession & Readonly<{ isCurrent: boolean }>;

/** Returns the caller's open sessions, newest first. @throws {AuthError} `unavailable`. */
export type ListSessions = (caller: Caller) => Promise<OwnSession[]>;

export function createListSessions(sessions: Sessions): ListSessions {
  return async (caller) =>
    (await sessions.list(caller.user.id)).map((session) => ({
      ...session,
      isCurrent: session.id === caller.sessionId,
    }));
}
