import { expect, it } from "vitest";
import type { ShardState } from "./shard-store.ts";
import { chooseShift } from "./share-shards.ts";

const held = (shard: number, holder: string | null): ShardState => ({
  shard,
  epoch: 1,
  holder,
  isFree: holder === null,
});
const shardsOf = (states: readonly ShardState[]) => states.map(({ shard }) => shard);

it("takes its share of what is free, or gives one back", () => {
  const writers = ["a", "b"];
  const free = [0, 1, 2, 3].map((shard) => held(shard, null));
  expect(chooseShift("a", new Set(), { writers, shards: free })).toEqual({
    take: [0, 1],
    give: undefined,
    drop: [],
  });
  const all = [0, 1, 2, 3].map((shard) => held(shard, "a"));
  const { take, give, drop } = chooseShift("a", new Set([0, 1, 2, 3]), { writers, shards: all });
  expect({ take, give, drop }).toEqual({ take: [], give: 3, drop: [] });
});

it("drops what it had before it was restarted and is no longer its share, so that others can write it", () => {
  const shards = [0, 1, 2, 3].map((shard) => held(shard, "a"));
  const first = chooseShift("a", new Set(), { writers: ["a", "b"], shards });
  expect(first.take).toEqual([0, 1]);
  expect(shardsOf(first.drop)).toEqual([2, 3]);
  const later = chooseShift("a", new Set([0, 1]), { writers: ["a", "b"], shards });
  expect(later.take).toEqual([]);
  expect(shardsOf(later.drop)).toEqual([2, 3]);
});
