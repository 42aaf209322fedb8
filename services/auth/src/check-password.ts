import { createHash } from "node:crypto";
import { addressKey } from "@parley/runtime/address-key";
import type { Turn } from "./fair-queue.ts";
import type { Hasher } from "./hasher.ts";
import type { Limits } from "./limits.ts";
import { normalizePassword } from "./password-rules.ts";
import type { Account, Users } from "./users.ts";
import { hasLostBytes } from "./weak-password.ts";

/** Whose password is compared, and for whom: what limits count and the queue is fair by. */
type Attempt = Readonly<{
  username: string;
  password: string;
  /** IP address of the client. */
  address: string;
  /** Whether the caller has a session of the account: it does not wait for strangers. */
  hasSession: boolean;
}>;

/** The account whose password matched. `isStale`: its hash was made with other parameters than today's. */
type Match = Readonly<{ account: Account; isStale: boolean; turn: Turn }>;

/**
 * Compares a password with that of an account, when it is its turn, and counts a wrong one. Undefined if the password is
 * wrong or there is no such account, which takes the same work.
 *
 * @throws {AuthError} `rate_limited` after many failures or while too many passwords are queued, `unavailable`.
 */
export type CheckPassword = (attempt: Attempt) => Promise<Match | undefined>;

/** The hash by which an address is remembered for an account; both as in `Turn`. */
export const addressHash = (account: string, address: string): string =>
  createHash("sha256").update(`${account} ${address}`).digest("hex");

/** The turn of somebody without an account yet. */
export function strangerTurn(username: string, address: string): Turn {
  return {
    account: username.toLowerCase(),
    address: addressKey(address),
    isKnown: false,
    spacings: [],
  };
}

export function createCheckPassword(users: Users, hasher: Hasher, limits: Limits): CheckPassword {
  return async ({ username, password, address: from, hasSession }) => {
    const { account, address } = strangerTurn(username, from);
    await hasher.admit(account, address);
    const [found, counts] = await Promise.all([
      users.findByName(username, addressHash(account, address)),
      limits.read(account, address),
    ]);
    const isKnown = hasSession || found?.isKnown === true;
    const turn = { account, address, isKnown, spacings: limits.spacings(account, address, counts, isKnown) };
    // Who has no password has an empty hash: nobody's password matches, with the same work.
    const expected = found?.passwordHash || undefined;
    const { matches, stale } = await hasher.verify(normalizePassword(password), expected, turn);
    // A password in place of lost bytes lets nobody in, not even to an account that was made with one.
    if (found && expected && matches && !hasLostBytes(password))
      return { account: found, isStale: stale, turn };
    await limits.countFailure(account, address);
    return undefined;
  };
}
