import { isVisible } from "@parley/protocol/text";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

/** Stands for bytes that were not UTF-8: passwords of different bytes would be the same (Unicode, U+FFFD). */
const REPLACEMENT = "\uFFFD";

/** Whether a password has something in it that stands for lost bytes: it lets nobody in, and cannot be chosen. */
export const hasLostBytes = (password: string): boolean => password.includes(REPLACEMENT);

/**
 * Why a new password is too easy to guess, for people; undefined if it is not. NIST SP 800-63B section 3.1.1.2 asks for
 * such a list, and for no rules about kinds of characters.
 *
 * @param password in the form in which it is hashed
 * @example weaknessOf("Password123", "alice") // "is one of the most common passwords"
 */
export function weaknessOf(password: string, username: string): string | undefined {
  if (hasLostBytes(password)) return "was not sent as UTF-8";
  if (!isVisible(password)) return "shows nothing";
  const folded = password.toLowerCase();
  if (folded === username.toLowerCase()) return "is the username";
  if (COMMON_PASSWORDS.has(folded)) return "is one of the most common passwords";
  return undefined;
}
