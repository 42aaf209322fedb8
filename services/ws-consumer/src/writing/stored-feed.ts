import type { LogEntry } from "./shard-log.ts";

/**
 * Tells the world what Postgres has. Called only after commit. Nothing here is certain to arrive: listeners repair
 * what they miss from Postgres. No call throws or waits.
 */
export interface StoredFeed {
  /** New entries of one room: the first has the seq `first`, the others follow on it. */
  deliver(room: string, first: number, entries: readonly LogEntry[]): void;
  /** Answers whoever waits to hear that this entry is stored. */
  receipt(subject: string, room: string, id: string, seq: number): void;
  /** How far a shard has been written. */
  progress(shard: number, cursor: number): void;
}
