import { Refusal } from "@parley/protocol/codes";
import { PACK_BYTES_MAX, PACK_ENTRIES_MAX } from "@parley/protocol/pack";

/** An entry to be appended to the log. */
export type NewEntry = Readonly<{
  room: string;
  /** The id by which the log recognises it (`messageKey`): appending the same key again stores nothing. */
  key: string;
  /** One line of JSON. */
  payload: string;
  /** When the entry was accepted, ISO 8601 in UTC. */
  at: string;
  /** Core NATS subject of the receipt that the writer sends once Postgres has the entry. */
  receiptTo?: string | undefined;
  /** When it came; monotonic, ms. Undefined for what is not timed. */
  since?: number;
  /** Whether the client is gone; asked before each attempt. The entry is then dropped: the client will send it again. */
  isGone?: (() => boolean) | undefined;
}>;

/** The log's acknowledgement: it has the entry on disk. */
export type Published = Readonly<{
  /** Sequence in the log of its shard; of a duplicate, one that is not lower. */
  logSeq: number;
  shard: number;
  /** This process knows that the log acknowledged the key before, or was appending it already. */
  duplicate: boolean;
  /** When the key was first accepted, as far as this process remembers. */
  at: string;
}>;

/** Most entries of one shard that may be pending. */
export const PENDING_ENTRIES_MAX = 20_000;
/** Most bytes of their payloads. */
export const PENDING_BYTES_MAX = 16 * 1024 * 1024;
/** Most bytes of one payload: frames are far smaller, and the server's limit is 1 MB. */
const ENTRY_BYTES_MAX = 64 * 1024;
const ACKNOWLEDGED_MIN = 16_384;
/** Retry delay of `overloaded`, ms: a log that answers empties a full queue in about that time. */
const OVERLOADED_RETRY_MS = 1_000;
const PRINTABLE = /^[\x21-\x7e]+$/;

/** An entry without an outcome yet. */
export type PendingEntry = {
  readonly entry: NewEntry;
  /** Of its payload, as UTF-8. */
  readonly bytes: number;
  readonly outcome: PromiseWithResolvers<Published>;
  /** When the key was first accepted, if the log acknowledged it before. */
  firstAt: string | undefined;
  /** Later calls with the same key, which share the outcome. */
  joined: NewEntry[] | undefined;
};

/** The pending entries of one shard, by key and within limits. */
export class PendingEntries {
  readonly #byKey = new Map<string, PendingEntry>();
  #bytes = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** When the oldest entry was accepted, ISO 8601. */
  get oldestAt(): string | undefined {
    return this.#byKey.values().next().value?.entry.at;
  }

  get(key: string): PendingEntry | undefined {
    return this.#byKey.get(key);
  }

  /**
   * @throws {Refusal} `overloaded` at the limits, `too_large` if the entry alone exceeds its limit.
   * @throws {Error} if a value could break out of its header, its subject or its line of a pack: a fault of the caller.
   */
  add(entry: NewEntry, firstAt: string | undefined): PendingEntry {
    checkPrintable(entry);
    const bytes = Buffer.byteLength(entry.payload);
    if (bytes > ENTRY_BYTES_MAX) throw new Refusal("too_large", "the message is too large for the log");
    if (this.#byKey.size >= PENDING_ENTRIES_MAX || this.#bytes + bytes > PENDING_BYTES_MAX)
      throw new Refusal("overloaded", "too many messages are waiting for the log", {
        retryAfterMs: OVERLOADED_RETRY_MS,
      });
    const outcome = Promise.withResolvers<Published>();
    const pending: PendingEntry = { entry, bytes, outcome, firstAt, joined: undefined };
    this.#byKey.set(entry.key, pending);
    this.#bytes += bytes;
    return pending;
  }

  resolve(pending: PendingEntry, published: Published): void {
    this.#remove(pending);
    pending.outcome.resolve(published);
  }

  reject(pending: PendingEntry, reason: Refusal): void {
    this.#remove(pending);
    pending.outcome.reject(reason);
  }

  rejectAll(reason: Refusal): void {
    for (const pending of [...this.#byKey.values()]) this.reject(pending, reason);
  }

  /** The stream was replaced: what the earlier one acknowledged says nothing of the new one. */
  forgetAcknowledged(): void {
    for (const pending of this.#byKey.values()) pending.firstAt = undefined;
  }

  #remove(pending: PendingEntry): void {
    this.#byKey.delete(pending.entry.key);
    this.#bytes -= pending.bytes;
  }
}

/** Characters of a key, which is a hash, that make its tag. */
const TAG_LENGTH = 6;
type Acknowledged = Readonly<{ key: string; at: string }>;

/**
 * The newest acknowledged keys of one shard, with the time of their first acceptance: at least `ACKNOWLEDGED_MIN` and at
 * most twice as many, about 5 to 10 MB. Of two keys with one tag (about one in 100,000) the older is forgotten. A map of
 * numbers does not touch the strings of other keys, which are no longer in the CPU's cache (docs/decisions/0002).
 */
export class AcknowledgedKeys {
  #newer = new Map<number, Acknowledged>();
  #older = new Map<number, Acknowledged>();

  /** When the key was first accepted, ISO 8601; undefined if it is not remembered. */
  timeOf(key: string): string | undefined {
    const tag = tagOf(key);
    const known = this.#newer.get(tag) ?? this.#older.get(tag);
    return known?.key === key ? known.at : undefined;
  }

  add(key: string, at: string): void {
    if (this.#newer.size === ACKNOWLEDGED_MIN) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(tagOf(key), { key, at });
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}

function tagOf(key: string): number {
  let tag = 0;
  for (let i = 0; i < TAG_LENGTH; i += 1) tag = Math.imul(tag, 33) ^ key.charCodeAt(i);
  return tag;
}

function checkPrintable({ room, key, receiptTo, payload }: NewEntry): void {
  if (
    !PRINTABLE.test(key) ||
    !PRINTABLE.test(room) ||
    (receiptTo !== undefined && !PRINTABLE.test(receiptTo))
  )
    throw new Error("the key, room or receipt subject of a log entry is not printable ASCII");
  if (payload.includes("\n")) throw new Error("a log entry is one line");
}

/** Whether every caller that shares the outcome is gone. */
export function isAbandoned({ entry, joined }: PendingEntry): boolean {
  if (entry.isGone?.() !== true) return false;
  return joined === undefined || joined.every((other) => other.isGone?.() === true);
}

/** Takes the next entries out of a queue, up to the limits of a pack, without those that `drop` has dropped. */
export function takePack(queue: PendingEntry[], drop: (pending: PendingEntry) => boolean): PendingEntry[] {
  const entries: PendingEntry[] = [];
  let bytes = 0;
  let seen = 0;
  for (const pending of queue) {
    if (entries.length === PACK_ENTRIES_MAX || (bytes > 0 && bytes + pending.bytes > PACK_BYTES_MAX)) break;
    seen += 1;
    if (drop(pending)) continue;
    entries.push(pending);
    bytes += pending.bytes;
  }
  queue.splice(0, seen);
  return entries;
}

/** Lets a second call with the same key share the outcome of the first; the second one is a duplicate. */
export async function join(pending: PendingEntry, entry: NewEntry): Promise<Published> {
  pending.joined ??= [];
  pending.joined.push(entry);
  return { ...(await pending.outcome.promise), duplicate: true };
}
