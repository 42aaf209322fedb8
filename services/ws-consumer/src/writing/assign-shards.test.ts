import { expect, it } from "vitest";
import { assignShards } from "./assign-shards.ts";
import type { ShardState } from "./shard-store.ts";

const held = (shard: number, holder: string | null): ShardState => ({
  shard,
  epoch: 1,
  holder,
  isFree: holder === null,
});
const shardsOf = (states: readonly ShardState[]) => states.map(({ shard }) => shard);

it("an instance takes its share of the free shards, or hands one over", () => {
  const writers = ["a", "b"];
  const free = [0, 1, 2, 3].map((shard) => held(shard, null));
  expect(assignShards("a", new Set(), { writers, shards: free })).toEqual({
    take: [0, 1],
    give: undefined,
    drop: [],
  });
  const all = [0, 1, 2, 3].map((shard) => held(shard, "a"));
  const { take, give, drop } = assignShards("a", new Set([0, 1, 2, 3]), { writers, shards: all });
  expect({ take, give, drop }).toEqual({ take: [], give: 3, drop: [] });
});

it("an instance releases leases from before its restart that exceed its share", () => {
  const shards = [0, 1, 2, 3].map((shard) => held(shard, "a"));
  const first = assignShards("a", new Set(), { writers: ["a", "b"], shards });
  expect(first.take).toEqual([0, 1]);
  expect(shardsOf(first.drop)).toEqual([2, 3]);
  const later = assignShards("a", new Set([0, 1]), { writers: ["a", "b"], shards });
  expect(later.take).toEqual([]);
  expect(shardsOf(later.drop)).toEqual([2, 3]);
});
