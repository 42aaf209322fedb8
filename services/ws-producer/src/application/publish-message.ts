/** What is to be appended to the log. */
export type LogEntry = Readonly<{
  room: string;
  /** The id that the log knows it by (`messageKey`): appending the same key again stores nothing. */
  key: string;
  payload: string;
  /** When the entry was accepted, ISO 8601 in UTC. */
  at: string;
  /** Core subject where somebody waits to hear that Postgres has it. */
  receiptTo?: string | undefined;
  /** Asked before each attempt. Once it says true the entry is dropped: the client is gone and will send it again. */
  isGone?: (() => boolean) | undefined;
}>;

/** What the log answered: it has the entry on disk. */
export type Published = Readonly<{
  /** Its place in the log of its shard. */
  seq: number;
  shard: number;
  /** This process remembers that the log acknowledged the key before, or was appending it already. */
  duplicate: boolean;
  /** When the entry was accepted for the first time, as far as this process remembers. */
  at: string;
}>;

/**
 * Appends an entry to its room's shard of the log and resolves once it is on disk. An attempt without an answer may
 * have been stored, so the same key is published again until the log answers: what is stored is stored once. Entries
 * of one room are stored in the order of the calls, as long as nothing has to be published again.
 *
 * @throws {import("@parley/protocol/codes").Refusal} `overloaded` if too much is waiting already or the log is full;
 * `unavailable` if this process is closing, nobody waits for the entry any more, or the log refuses the entry again and again.
 * A refusal of an entry that had been attempted before does not say that it is not stored.
 */
export type PublishEntry = (entry: LogEntry) => Promise<Published>;
