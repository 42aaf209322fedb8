import { hash, randomBytes } from "node:crypto";

/** Crockford's base 32: digits and capitals without those that are easily confused. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;

const encode = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");

/** Generates the id of a new group: 130 random bits. */
export const freshGroupId = (): string => `G${encode(randomBytes(LENGTH))}`;

/** Generates the code of an invite link: 130 random bits. */
export const freshInviteCode = (): string => encode(randomBytes(LENGTH));

/** The id of the direct chat of two users, in either order: there cannot be two chats of the same users. */
export function directIdOf(oneId: string, otherId: string): string {
  const [first, second] = [oneId, otherId].sort();
  return `D${encode(hash("sha256", `direct\0${first}\0${second}`, "buffer"))}`;
}
