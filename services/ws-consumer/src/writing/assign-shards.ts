import type { ShardState, Survey } from "./shard-store.ts";

/** Announces to other instances that a shard is free, so that they need not wait for their next survey. */
export interface FreeShards {
  announce(): void;
  /** Returns a function that unsubscribes. */
  listen(onFree: () => void): () => void;
}

/** The next steps of an instance towards its share of the shards. */
type Assignment = Readonly<{
  /** Shards to acquire. */
  take: readonly number[];
  /** Shard to hand over, if the instance writes too many. */
  give: number | undefined;
  /** Leases to release: this instance holds them and does not write them, so surveys would renew them for nobody. */
  drop: readonly ShardState[];
}>;

/** How many shards an instance should write: the shares differ by one at most and add up to all shards. */
function shareOf(instance: string, writers: readonly string[], shards: number): number {
  const rank = writers.indexOf(instance);
  if (rank === -1) return 0;
  return Math.floor(shards / writers.length) + (rank < shards % writers.length ? 1 : 0);
}

/**
 * Chooses which free shards an instance takes, or which one it gives. A shard whose lease it holds without writing it
 * (it was restarted, or the answer to `acquire` was lost) counts as free, and is dropped unless it is taken.
 *
 * @param written shards that the instance writes now
 */
export function assignShards(instance: string, written: ReadonlySet<number>, survey: Survey): Assignment {
  const unwritten = survey.shards.filter(({ shard, holder }) => holder === instance && !written.has(shard));
  const lacks = shareOf(instance, survey.writers, survey.shards.length) - written.size;
  if (lacks < 0) return { take: [], give: [...written].at(-1), drop: unwritten };
  const free = survey.shards.filter(
    ({ shard, isFree, holder }) => !written.has(shard) && (isFree || holder === instance),
  );
  const take = free.slice(0, lacks).map(({ shard }) => shard);
  return { take, give: undefined, drop: unwritten.filter(({ shard }) => !take.includes(shard)) };
}
