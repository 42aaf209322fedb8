import { AuthError } from "./auth-error.ts";
import type { Announce } from "./revocations.ts";
import type { ListedSession, Sessions } from "./sessions.ts";
import { acceptDisplayName, isId, type User, type Users } from "./users.ts";
import type { Caller } from "./verify-token.ts";

/** Changes what others see. @throws {AuthError} `bad_frame`, `unavailable`. */
export type UpdateProfile = (caller: Caller, displayName: string) => Promise<User>;

/** A session in the list of its user; `isCurrent` marks the one that asks. */
type OwnSession = ListedSession & Readonly<{ isCurrent: boolean }>;

/** The user's open sessions, the newest first. */
export type ListSessions = (caller: Caller) => Promise<OwnSession[]>;

/** Ends one of the user's sessions. @throws {AuthError} `session_not_found` if the user has no such open session. */
export type RevokeSession = (caller: Caller, sessionId: string) => Promise<void>;

/** Makes the use case. */
export function createUpdateProfile(users: Users): UpdateProfile {
  return async (caller, displayName) => {
    const user = await users.rename(caller.user.id, acceptDisplayName(displayName));
    if (!user) throw new AuthError("unauthenticated", "the account is gone");
    return user;
  };
}

/** Makes the use case. */
export function createListSessions(sessions: Sessions): ListSessions {
  return async (caller) =>
    (await sessions.list(caller.user.id)).map((session) => ({
      ...session,
      isCurrent: session.id === caller.sessionId,
    }));
}

/** Makes the use case. */
export function createRevokeSession(sessions: Sessions, announce: Announce): RevokeSession {
  return async (caller, sessionId) => {
    const revocation = isId(sessionId) ? await sessions.revoke(sessionId, caller.user.id) : undefined;
    if (!revocation) throw new AuthError("session_not_found", "you have no such session", { path: "/id" });
    announce([revocation]);
  };
}
