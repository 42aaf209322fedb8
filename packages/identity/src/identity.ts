/** Who a token belongs to, as auth says. */
export type Identity = Readonly<{
  userId: string;
  username: string;
  sessionId: string;
  /** When the token ends, ms since the epoch. */
  expiresAt: number;
}>;

/**
 * Says whose a token is.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `unauthenticated` if it is nobody's, `unavailable` if it
 * cannot be told now.
 */
export type VerifyToken = (token: string) => Promise<Identity>;

/** What the door needs to know of sessions. */
export interface Identities {
  readonly verify: VerifyToken;
  /** Whether a session was revoked, as far as is known here. */
  isRevoked(sessionId: string): boolean;
  /** Calls `listener` once for each session that is revoked from now on. */
  onRevoked(listener: (sessionId: string) => void): void;
}
