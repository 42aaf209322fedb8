import type { LogEvent } from "@parley/protocol/events";
import type { LogMessage } from "@parley/protocol/message";

/** What an entry of the log says. */
export type LogContent = LogMessage | LogEvent;

/** An entry as it lies in the log, byte for byte. */
export type Original = Readonly<{
  subject: string;
  headers: Readonly<Record<string, readonly string[]>>;
  payload: Uint8Array;
}>;

type Place = Readonly<{
  /** Its place in the shard's stream. */
  logSeq: number;
  /** When the log took it, ns since 1970. */
  logTime: string;
  /** A message of the log may hold several entries: this is the last of it, and only here may the cursor stand. */
  isLast: boolean;
  /** How much of a batch it takes up. */
  bytes: number;
  /** Read from the wire only when somebody asks. */
  original: () => Original;
}>;

/** A log entry that is fit to be stored: checked against the schema and against what Postgres can hold. */
export type LogEntry = Place &
  Readonly<{
    room: string;
    id: string;
    /** One line of JSON, as members will see it but for the seq. */
    text: string;
    /** What `text` says. */
    content: LogContent;
    /** If it is no message: what is kept of its text. Less the text of an edit, which the message itself has. */
    event?: string | undefined;
    /** Where somebody waits to hear the seq. */
    receipt: string | undefined;
  }>;

/** A log entry that can never be stored, and why. */
export type PoisonEntry = Place & Readonly<{ reason: string }>;

export type LogItem = LogEntry | PoisonEntry;

/** How far a shard has been written, in which stream, and under which epoch its writer may go on. */
export type ShardPosition = Readonly<{
  shard: number;
  epoch: number;
  /** Log seq of the last entry that Postgres has. */
  cursor: number;
  /** When the log took that entry; null if it is not known, as before the first one. */
  cursorTime: string | null;
  /** When the stream was made that the cursor counts in; null if there was none yet. */
  streamCreated: string | null;
}>;

/** What the log says about a shard's stream. */
export type StreamFacts = Readonly<{
  created: string;
  firstSeq: number;
  lastSeq: number;
  /** When the log took the entry at the cursor that was asked about; null if that entry is not there. */
  cursorTime: string | null;
}>;

/** Entries of one shard as they arrive, in log order. */
export interface LogReading {
  /**
   * Takes what has arrived, up to so many entries and about so many bytes, but no message of the log in part; nothing
   * if nothing has.
   *
   * @throws {Error} once the reading has ended by itself: what follows can only be had by a new reading.
   */
  take(entriesMax: number, bytesMax: number): LogItem[];
  /** Resolves when there is something to take, or when the reading has ended or was closed. */
  arrival(): Promise<void>;
  close(): void;
}

export interface ShardLog {
  /** False while the log cannot be reached: then another instance may do better. */
  isReachable(): boolean;
  /**
   * Makes the shard's stream if it is missing, with the cursor's next seq as its first, mends its settings, and
   * tells what it is.
   *
   * @throws {Error} if the log cannot be reached, or a setting breaks a promise and cannot be mended.
   */
  prepare(position: ShardPosition): Promise<StreamFacts>;
  /**
   * Reads the shard after the cursor: each entry once, in log order, none left out. The reading ends by itself on
   * any doubt about that: a lost connection, a gap, a lost consumer.
   *
   * @throws {Error} if the stream is not the one that the position counts in.
   */
  read(position: ShardPosition): Promise<LogReading>;
  /** Removes from the log what Postgres has and the log no longer needs in order to recognise duplicates. */
  trim(position: ShardPosition): Promise<void>;
}
