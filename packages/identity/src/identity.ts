/** The user and session of a verified token. */
export type Identity = Readonly<{
  userId: string;
  username: string;
  sessionId: string;
  /** When the token expires, ms since the epoch. A service token is verified again by then. */
  expiresAt: number;
  /** What a service token opens; undefined for a person's. */
  scopes?: readonly string[];
}>;

/**
 * Resolves to the identity behind an access token.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `unauthenticated` if the token is not valid, `unavailable` if it
 * cannot be verified now.
 */
export type VerifyToken = (token: string) => Promise<Identity>;

/** Verification of tokens and revocation of sessions. */
export interface Identities {
  readonly verify: VerifyToken;
  /** Whether the revocation of a session is known to this process. */
  isRevoked(sessionId: string): boolean;
  /** Calls `listener` once for each session whose revocation becomes known from now on. */
  onRevoked(listener: (sessionId: string, userId: string) => void): void;
}
