import type { LogEvent } from "@parley/protocol/events";
import type { LogMessage } from "@parley/protocol/message";

/** Content of a log entry. */
export type LogContent = LogMessage | LogEvent;

/** A log message byte for byte, as kept for a dead letter. */
export type Original = Readonly<{
  subject: string;
  headers: Readonly<Record<string, readonly string[]>>;
  payload: Uint8Array;
}>;

type Item = Readonly<{
  /** Sequence of the log message in the shard's stream. */
  logSeq: number;
  /** When the log took it, ns since 1970. */
  logTime: string;
  /** Last entry of its log message, which may hold several. The cursor moves past whole log messages only. */
  isLast: boolean;
  /** Size for the limit of a batch. */
  bytes: number;
  /** Decoded when called. */
  original: () => Original;
}>;

/** A valid log entry: checked against its schema and against what Postgres can store. */
export type LogEntry = Item &
  Readonly<{
    room: string;
    id: string;
    /** One line of JSON: the delivered frame without its seq. */
    text: string;
    /** `text`, parsed. */
    content: LogContent;
    /** For any type but message: the JSON to be stored. An edit is stored without its body. */
    event?: string | undefined;
    /** Subject on which the sender waits for the seq. */
    receipt: string | undefined;
  }>;

/** Why Postgres refuses a row: its SQLSTATE and, if it names them, the broken constraint and the column. */
export type PostgresRefusal = Readonly<{ sqlstate: string; constraint?: string; column?: string }>;

/**
 * A log entry that can never be stored, and the reason. `refusal` is there if that is Postgres; `isBare` says that the
 * original is left out, because it could not be kept either.
 */
export type PoisonEntry = Item & Readonly<{ reason: string; refusal?: PostgresRefusal; isBare?: boolean }>;

export type LogItem = LogEntry | PoisonEntry;

/** How far a shard is stored, in which stream, and the epoch that its writer holds. */
export type ShardPosition = Readonly<{
  shard: number;
  epoch: number;
  /** Log sequence of the last message that Postgres has. */
  cursor: number;
  /** When the log took that message, ns since 1970; null if unknown, as before the first one. */
  cursorTime: string | null;
  /** Creation time of the stream that the cursor belongs to; null before the first stream. */
  streamCreated: string | null;
}>;

/** State of a shard's stream. */
export type StreamFacts = Readonly<{
  created: string;
  firstSeq: number;
  lastSeq: number;
  /** When the log took the message at the requested cursor; null if the stream does not have it. */
  cursorTime: string | null;
}>;

/** Entries of one shard, in log order. */
export interface LogReading {
  /**
   * Takes entries that have arrived, about `entriesMax` and `bytesMax` at most, always whole log messages. Returns an
   * empty array if none have arrived.
   *
   * @throws {Error} once the reading has failed and everything before was taken; open a new reading then.
   */
  take(entriesMax: number, bytesMax: number): LogItem[];
  /** Resolves when there are entries to take, or when the reading has failed or was closed. */
  arrival(): Promise<void>;
  close(): void;
}

/** Port to the log. */
export interface ShardLog {
  /** False while the log cannot be reached: another instance may be able to. */
  isReachable(): boolean;
  /**
   * Creates the shard's stream if it is missing, starting at the sequence after the cursor, repairs its settings, and
   * returns its state.
   *
   * @throws {Error} if the log cannot be reached, or a setting breaks a promise and cannot be repaired.
   */
  prepare(position: ShardPosition): Promise<StreamFacts>;
  /**
   * Reads the shard after the cursor: each entry once, in log order, without a gap. The reading fails by itself if that
   * is no longer certain: a lost connection, a gap, a deleted consumer.
   *
   * @throws {Error} if the stream is not the one that the cursor belongs to.
   */
  read(position: ShardPosition): Promise<LogReading>;
  /**
   * Deletes stored entries from the log that are older than they have to be kept, so that a restored database finds what
   * it lacks. Returns true if younger ones were deleted too, because the log was getting full.
   */
  trim(position: ShardPosition): Promise<boolean>;
}
