import { hash, randomBytes } from "node:crypto";

/** Digits and capitals, less those that are easily taken for others (Crockford's base 32). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;

const spell = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");

/** A new group's id: 130 random bits. */
export const freshGroupId = (): string => `G${spell(randomBytes(LENGTH))}`;

/** The id of the direct chat of two users: always the same, whoever asks, so that there cannot be two. */
export function directIdOf(oneId: string, otherId: string): string {
  const [first, second] = [oneId, otherId].sort();
  return `D${spell(hash("sha256", `direct\0${first}\0${second}`, "buffer"))}`;
}
