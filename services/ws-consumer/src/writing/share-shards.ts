import type { ShardState, Survey } from "./shard-store.ts";

/** Tells the other instances that a shard is free, so that none waits for its next look around. */
export interface FreeShards {
  announce(): void;
  /** Gives the function that ends the listening. */
  listen(onFree: () => void): () => void;
}

/** What an instance does next so that every instance writes its share. */
export type Shift = Readonly<{
  take: readonly number[];
  give: number | undefined;
  /** Leases that it has, does not write and does not want: kept, they would be renewed and nobody would write them. */
  drop: readonly ShardState[];
}>;

/** How many of the shards an instance shall write: all shares differ by one at most and add up to all shards. */
export function shareOf(instance: string, writers: readonly string[], shards: number): number {
  const rank = writers.indexOf(instance);
  if (rank === -1) return 0;
  return Math.floor(shards / writers.length) + (rank < shards % writers.length ? 1 : 0);
}

/**
 * Takes what it lacks from the free shards, or gives one back if it has too many. A shard whose lease it has but
 * does not write (it was restarted, or the answer to its taking was lost) counts as free, and is dropped if it is not
 * taken.
 */
export function chooseShift(instance: string, written: ReadonlySet<number>, survey: Survey): Shift {
  const unwritten = survey.shards.filter(({ shard, holder }) => holder === instance && !written.has(shard));
  const lacks = shareOf(instance, survey.writers, survey.shards.length) - written.size;
  if (lacks < 0) return { take: [], give: [...written].at(-1), drop: unwritten };
  const free = survey.shards.filter(
    ({ shard, isFree, holder }) => !written.has(shard) && (isFree || holder === instance),
  );
  const take = free.slice(0, lacks).map(({ shard }) => shard);
  return { take, give: undefined, drop: unwritten.filter(({ shard }) => !take.includes(shard)) };
}
