import type { LogEntry, PoisonEntry, ShardPosition } from "./shard-log.ts";

/** Entries of one shard that follow on its cursor. No two of them have the same key. */
export type Batch = Readonly<{
  entries: readonly LogEntry[];
  poison: readonly PoisonEntry[];
  /** Where the cursor stands afterwards. */
  cursor: number;
  cursorTime: string | null;
}>;

export type Written = Readonly<{
  /** The seq of each entry of the batch in its room. */
  seqs: readonly number[];
  /** Indexes of the entries that Postgres had before; their seq is the old one. */
  known: ReadonlySet<number>;
}>;

export type ShardState = Readonly<{
  shard: number;
  epoch: number;
  holder: string | null;
  /** Nobody's lease is valid. */
  isFree: boolean;
}>;

/** Who is there to write, and who writes what. */
export type Survey = Readonly<{
  /** Names of the instances that are alive and able to write, sorted. */
  writers: readonly string[];
  shards: readonly ShardState[];
}>;

/** Somebody else writes this shard now: whoever gets this stops at once. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  readonly code = "FENCED";
}

/** Postgres refuses something in the batch for what it is; sent again it would be refused again. */
export class BadEntryError extends Error {
  override readonly name = "BadEntryError";
  readonly code = "BAD_ENTRY";
}

/** This process and its database do not fit together. */
export class InstallationError extends Error {
  override readonly name = "InstallationError";
  readonly code = "INSTALLATION";
}

/** How long a lease is valid without being renewed, ms. */
export const LEASE_MS = 5_000;

/**
 * Postgres as the writers see it. Each call is one statement, or a part of one. Any error but the ones named means that the outcome is
 * unknown: `position` tells what has happened.
 */
export interface ShardStore {
  /**
   * Fixes the number of shards when it is called for the first time, and checks it ever after.
   *
   * @throws {InstallationError} if the database was made for another number.
   */
  install(shards: number): Promise<void>;
  /** Reports this instance as alive if it is able to write, renews its leases, and looks around. */
  survey(instance: string, isAble: boolean): Promise<Survey>;
  /** Takes the lease of a shard that is free or was this instance's, under a new epoch; else gives undefined. */
  acquire(shard: number, instance: string): Promise<ShardPosition | undefined>;
  /** Gives the lease back, unless somebody else has it by now. */
  release(shard: number, epoch: number): Promise<void>;
  /** Takes this instance from the list of those who are alive. */
  leave(instance: string): Promise<void>;
  position(shard: number): Promise<ShardPosition>;
  /**
   * Says that the shard counts in another stream from here on, and begins a new epoch for the same holder.
   *
   * @throws {FencedError} if the position is no longer the shard's.
   */
  rebase(position: ShardPosition, streamCreated: string, cursor: number): Promise<ShardPosition>;
  /** Resolves when a batch would be stored at once; until then it may grow. */
  turn(): Promise<void>;
  /**
   * Atomic: moves the cursor, stores the entries that Postgres does not have yet under the next seqs of their rooms
   * (in the order of the batch, without a hole), and puts the poison aside. A room that is not there is made. The
   * lease is renewed. Shards that write at the same time may share a statement; each has its own outcome.
   *
   * @throws {FencedError} if the position is no longer the shard's; nothing was stored.
   * @throws {BadEntryError} if Postgres refuses an entry; nothing was stored.
   */
  write(position: ShardPosition, batch: Batch): Promise<Written>;
}
