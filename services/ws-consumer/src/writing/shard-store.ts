import type { UserEvent } from "@parley/protocol/me";
import type { SettledTargets } from "./entry-targets.ts";
import type { LogEntry, PoisonEntry, PostgresRefusal, ShardPosition } from "./shard-log.ts";

/** Entries of one shard that follow its cursor. No two of them have the same key. */
export type Batch = Readonly<{
  entries: readonly LogEntry[];
  poison: readonly PoisonEntry[];
  /** Cursor of the shard after the batch. */
  cursor: number;
  cursorTime: string | null;
}>;

export type Written = Readonly<{
  /** Seq of each entry of the batch in its room. */
  seqs: readonly number[];
  /** Indexes of the entries that were stored before; their seq is the earlier one. */
  known: ReadonlySet<number>;
  /** Replies and reactions to what is no visible message, if there were any. The seq of a missing one says nothing. */
  targets?: SettledTargets | undefined;
  /** Events of users that were stored with the batch, or with those that shared its statement. */
  noted?: readonly UserEvent[] | undefined;
}>;

export type ShardState = Readonly<{
  shard: number;
  epoch: number;
  holder: string | null;
  /** No instance holds a valid lease. */
  isFree: boolean;
}>;

/** The instances that can write, and the lease of each shard. */
export type Survey = Readonly<{
  /** Names of the instances that are alive and able to write, sorted. */
  writers: readonly string[];
  shards: readonly ShardState[];
}>;

/** Another instance writes this shard now. Whoever gets this error stops at once. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  readonly code = "FENCED";
}

/** Postgres refuses an entry of the batch, or no statement can be made of it, and so it would be again. */
export class BadEntryError extends Error {
  override readonly name = "BadEntryError";
  readonly code = "BAD_ENTRY";
  readonly refusal: PostgresRefusal | undefined;

  constructor(message: string, refusal?: PostgresRefusal, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** The settings of this process do not match its database. */
export class InstallationError extends Error {
  override readonly name = "InstallationError";
  readonly code = "INSTALLATION";
}

/** Validity of a lease that is not renewed, ms. */
export const LEASE_MS = 5_000;

/**
 * Port of the writers to Postgres. Each call is one statement, or shares one. After an error that is not documented here
 * the outcome is unknown: `position` tells it.
 */
export interface ShardStore {
  /**
   * Fixes the number of shards on the first call for a database, and checks it on later ones.
   *
   * @throws {InstallationError} if the database was installed with another number.
   */
  install(shards: number): Promise<void>;
  /** Reports this instance as alive if it is able to write, renews its leases, and returns instances and leases. */
  survey(instance: string, isAble: boolean): Promise<Survey>;
  /** Acquires the lease of a shard that is free or this instance's own, under a new epoch; undefined if it is not. */
  acquire(shard: number, instance: string): Promise<ShardPosition | undefined>;
  /** Releases the lease, unless another instance holds it by now. */
  release(shard: number, epoch: number): Promise<void>;
  /** Removes this instance from those that are alive. */
  leave(instance: string): Promise<void>;
  /** Returns how far a shard is stored. */
  position(shard: number): Promise<ShardPosition>;
  /**
   * Moves the shard's cursor to another stream, and begins a new epoch for the same holder.
   *
   * @throws {FencedError} if the position is no longer the shard's.
   */
  rebase(position: ShardPosition, streamCreated: string, cursor: number): Promise<ShardPosition>;
  /** Resolves when `write` would send at once; until then a batch should grow. */
  turn(): Promise<void>;
  /**
   * Atomic: moves the cursor, stores new entries under the next seqs of their rooms (in the order of the batch, without
   * a gap), creates missing rooms, stores poison as dead letters, and renews the lease. Replies and reactions to what is
   * no visible message are changed or left out (`Written`). Shards that write at the same
   * time may share a statement; each has its own outcome.
   *
   * @throws {FencedError} if the position is no longer the shard's; nothing was stored.
   * @throws {BadEntryError} if Postgres refuses an entry; nothing was stored.
   */
  write(position: ShardPosition, batch: Batch): Promise<Written>;
}
