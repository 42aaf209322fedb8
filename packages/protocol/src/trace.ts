import { hash } from "node:crypto";

/** The messages that are traced: each process finds trace and sampling by itself, without a header (docs/decisions/0047). */
export type Traced = Readonly<{ type: "message" | "reaction"; room: string; userId: string; id: string }>;

/** Characters of an entry's key in the log that decide whether it is sampled: 24 of its bits. */
const SAMPLE_CHARACTERS = 4;
const SAMPLE_RANGE = 64 ** SAMPLE_CHARACTERS;
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * Whether an entry is traced. All processes with the same ratio answer the same, as the key is a hash.
 *
 * @param key of the entry in the log (`messageKey`)
 * @param ratio of the entries that are traced, 0 to 1
 */
export function isSampled(key: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  let value = 0;
  for (let i = 0; i < SAMPLE_CHARACTERS; i += 1) value = value * 64 + BASE64URL.indexOf(key.charAt(i));
  return value < ratio * SAMPLE_RANGE;
}

/**
 * The trace of an entry, 32 hexadecimal digits: what `chat.entry_key` returns for its row (docs/decisions/0004), without
 * the dashes.
 */
export function traceIdOf({ type, room, userId, id }: Traced): string {
  const ofRoom = hash("sha256", room, "hex").slice(0, 8);
  return ofRoom + hash("sha256", `${room}/${userId}/${type}/${id}`, "hex").slice(0, 24);
}
