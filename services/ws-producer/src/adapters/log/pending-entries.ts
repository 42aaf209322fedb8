import { Refusal } from "@parley/protocol/codes";
import type { LogEntry, Published } from "../../application/publish-message.ts";

/** Entries of one shard that may wait for the log. */
export const PENDING_ENTRIES_MAX = 20_000;
/** Bytes of their payloads. */
export const PENDING_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of one payload: frames are far smaller, and the server's limit is 1 MB. */
const ENTRY_BYTES_MAX = 64 * 1024;
/** When a sender may try again after `overloaded`, ms: a log that answers empties a full queue in about that time. */
const OVERLOADED_RETRY_MS = 1_000;

/** An entry on its way to the log. */
export type Pending = {
  readonly entry: LogEntry;
  /** Of its payload, as UTF-8. */
  readonly bytes: number;
  readonly outcome: PromiseWithResolvers<Published>;
  /** Later callers with the same key, who wait for the same outcome. */
  joined: LogEntry[] | undefined;
};

/** All entries of one shard that have no outcome yet, by key and within limits. */
export class PendingEntries {
  readonly #byKey = new Map<string, Pending>();
  #bytes = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Pending | undefined {
    return this.#byKey.get(key);
  }

  has(pending: Pending): boolean {
    return this.#byKey.get(pending.entry.key) === pending;
  }

  /** @throws {Refusal} `overloaded` if the entry does not fit in the limits, `too_large` if it never will. */
  add(entry: LogEntry): Pending {
    const bytes = Buffer.byteLength(entry.payload);
    if (bytes > ENTRY_BYTES_MAX) throw new Refusal("too_large", "the message is too large for the log");
    if (this.#byKey.size >= PENDING_ENTRIES_MAX || this.#bytes + bytes > PENDING_BYTES_MAX)
      throw new Refusal("overloaded", "too many messages wait for the log", {
        retryAfterMs: OVERLOADED_RETRY_MS,
      });
    const outcome = Promise.withResolvers<Published>();
    const pending: Pending = { entry, bytes, outcome, joined: undefined };
    this.#byKey.set(entry.key, pending);
    this.#bytes += bytes;
    return pending;
  }

  resolve(pending: Pending, published: Published): void {
    this.#remove(pending);
    pending.outcome.resolve(published);
  }

  reject(pending: Pending, reason: Refusal): void {
    this.#remove(pending);
    pending.outcome.reject(reason);
  }

  rejectAll(reason: Refusal): void {
    for (const pending of [...this.#byKey.values()]) this.reject(pending, reason);
  }

  #remove(pending: Pending): void {
    this.#byKey.delete(pending.entry.key);
    this.#bytes -= pending.bytes;
  }
}

/** Nobody waits for the outcome any more. */
export function isAbandoned({ entry, joined }: Pending): boolean {
  if (entry.isGone?.() !== true) return false;
  return joined === undefined || joined.every((other) => other.isGone?.() === true);
}

/** Lets a second call with the same key wait for the first one's outcome; for the second it is a duplicate. */
export async function join(pending: Pending, entry: LogEntry): Promise<Published> {
  pending.joined ??= [];
  pending.joined.push(entry);
  return { ...(await pending.outcome.promise), duplicate: true };
}
