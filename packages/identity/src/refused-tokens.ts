import { createHash } from "node:crypto";

/** How long a refused token is remembered, ms. */
const REMEMBERED_MS = 60_000;
/** Tokens that are remembered, as hashes; the oldest goes first. */
const ENTRIES_MAX = 10_000;

const hash = (token: string): string => createHash("sha256").update(token).digest("base64");

/**
 * Tokens that auth refused in the last minute, so that whoever sends one again and again costs a hash and no call of
 * auth. A token that auth refused never becomes valid: neither its signature nor its session change for the better.
 */
export class RefusedTokens {
  readonly #until = new Map<string, number>();

  /** @param now Monotonic, ms. */
  add(token: string, now: number): void {
    if (this.#until.size >= ENTRIES_MAX) this.#until.delete(this.#until.keys().next().value as string);
    this.#until.set(hash(token), now + REMEMBERED_MS);
  }

  has(token: string, now: number): boolean {
    return this.#until.size > 0 && (this.#until.get(hash(token)) ?? 0) > now;
  }
}
