import type { LogEntry } from "./shard-log.ts";

/** The message in the same room that an entry is about; undefined if its type has none that must be there. */
export function targetOf({ content }: LogEntry): number | undefined {
  if (content.type === "message") return content.replyTo;
  return content.type === "reaction" ? content.target : undefined;
}

/** What Postgres has before entries are stored. */
type StoredTargets = Readonly<{
  /** The newest seq of a room; 0 if there is no such room. */
  headOf: (room: string) => number;
  /** Whether this is the seq of a message that is not deleted. */
  isMessage: (room: string, seq: number) => boolean;
}>;

/** What becomes of entries whose target is no visible message. */
export type SettledTargets = Readonly<{
  /** Replies, without their `replyTo`: what was acknowledged is stored. */
  changed: ReadonlyMap<LogEntry, LogEntry>;
  /** Reactions: they take no seq and are not stored. */
  missing: ReadonlySet<LogEntry>;
}>;

/**
 * Checks replies and reactions against the messages that will be there when their turn comes: those that are stored, and
 * those before them in the same batch, as after the restore of a backup, when the log is read again.
 *
 * @param entries in the order in which they are stored, without those that are stored already
 */
export function settleTargets(entries: readonly LogEntry[], stored: StoredTargets): SettledTargets {
  const changed = new Map<LogEntry, LogEntry>();
  const missing = new Set<LogEntry>();
  const batch = new BatchTargets(stored);
  for (const entry of entries) {
    const target = targetOf(entry);
    const isMissing = target !== undefined && !batch.isMessage(entry.room, target);
    if (isMissing && entry.content.type === "reaction") missing.add(entry);
    else batch.add(entry);
    if (isMissing && entry.content.type === "message") changed.set(entry, withoutReply(entry));
  }
  return { changed, missing };
}

/** The messages that are there after a part of a batch. */
class BatchTargets {
  readonly #stored: StoredTargets;
  readonly #heads = new Map<string, number>();
  /** Messages of the batch that were added (true) and messages that it deletes (false). */
  readonly #messages = new Map<string, boolean>();

  constructor(stored: StoredTargets) {
    this.#stored = stored;
  }

  isMessage(room: string, seq: number): boolean {
    return this.#messages.get(`${room} ${seq}`) ?? this.#stored.isMessage(room, seq);
  }

  add({ room, content }: LogEntry): void {
    const seq = (this.#heads.get(room) ?? this.#stored.headOf(room)) + 1;
    this.#heads.set(room, seq);
    if (content.type === "message") this.#messages.set(`${room} ${seq}`, true);
    if (content.type === "message_deleted") this.#messages.set(`${room} ${content.target}`, false);
  }
}

function withoutReply(entry: LogEntry): LogEntry {
  const { replyTo: _, ...content } = entry.content as Extract<LogEntry["content"], { type: "message" }>;
  return { ...entry, content, text: JSON.stringify(content) };
}
