import { AuthError } from "./auth-error.ts";
import { weaknessOf } from "./weak-password.ts";

export const PASSWORD_LENGTH_MIN = 8;
export const PASSWORD_LENGTH_MAX = 128;

/** argon2id with 19 MiB, two passes and one lane (OWASP Password Storage Cheat Sheet). */
export const HASH_PARAMETERS: HashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** With NODE_ENV=test: a test opens many accounts, and what a hash costs is tested with the hasher. */
export const TEST_HASH_PARAMETERS: HashParameters = { memoryCost: 1_024, timeCost: 1, parallelism: 1 };

/** What a hash costs: KiB of memory, passes over it, and lanes. */
export type HashParameters = Readonly<{ memoryCost: number; timeCost: number; parallelism: number }>;

/** The form in which a password is hashed: NFKC, because devices encode the same characters in different ways. */
export const normalizePassword = (password: string): string => password.normalize("NFKC");

/**
 * Returns a new password in the form in which it is hashed. Its length is counted in code points of that form.
 *
 * @throws {AuthError} `bad_frame` if it is too short, too long, easy to guess (`weaknessOf`) or has lone surrogates. The
 * message does not contain it.
 */
export function acceptPassword(password: string, username: string, path = "/password"): string {
  const normalized = normalizePassword(password);
  const length = [...normalized].length;
  const weakness = weaknessOf(normalized, username);
  if (weakness !== undefined) throw new AuthError("bad_frame", `this password ${weakness}`, { path });
  if (length >= PASSWORD_LENGTH_MIN && length <= PASSWORD_LENGTH_MAX && normalized.isWellFormed())
    return normalized;
  const rule = `${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`;
  throw new AuthError("bad_frame", `a password is ${rule}`, { path });
}
