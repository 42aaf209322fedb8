import type { AnnounceRevocations } from "./announce-revocations.ts";
import { AuthError } from "./auth-error.ts";
import type { Sessions } from "./sessions.ts";
import { isId } from "./users.ts";
import type { Caller } from "./verify-token.ts";

/**
 * Revokes one of the caller's sessions.
 *
 * @throws {AuthError} `session_not_found` if the caller has no open session with this id, `unavailable`.
 */
export type RevokeSession = (caller: Caller, sessionId: string) => Promise<void>;

export function createRevokeSession(sessions: Sessions, announce: AnnounceRevocations): RevokeSession {
  return async (caller, sessionId) => {
    const revocation = isId(sessionId) ? await sessions.revoke(sessionId, caller.user.id) : undefined;
    if (!revocation)
      throw new AuthError("session_not_found", "you have no open session with this id", { path: "/id" });
    announce([revocation]);
  };
}
