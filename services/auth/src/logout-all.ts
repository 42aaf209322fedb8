import type { AnnounceRevocations } from "./announce-revocations.ts";
import type { Sessions } from "./sessions.ts";
import type { Caller } from "./verify-token.ts";

/** Revokes all sessions of the caller, also the one that asks. Returns how many. @throws {AuthError} `unavailable`. */
export type LogoutAll = (caller: Caller) => Promise<number>;

export function createLogoutAll(sessions: Sessions, announce: AnnounceRevocations): LogoutAll {
  return async ({ user }) => {
    const revoked = await sessions.revokeAll(user.id);
    announce(revoked);
    return revoked.length;
  };
}
