import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createBatchLoader } from "./batch-loader.ts";

type Batch = { keys: readonly string[]; end: (error?: Error) => void };

/** A loader whose batches end when the test ends them. The value of a key is the key in capitals; "none" has none. */
function controlledLoader(keysMax = 1_000) {
  const batches: Batch[] = [];
  const load = createBatchLoader<string, string>(
    (keys) => {
      const { promise, resolve, reject } = Promise.withResolvers<Map<string, string>>();
      const values = keys.filter((key) => key !== "none").map((key) => [key, key.toUpperCase()] as const);
      batches.push({ keys, end: (error) => (error ? reject(error) : resolve(new Map(values))) });
      return promise;
    },
    { keysMax, intervalMs: 5 },
  );
  return { batches, load };
}
const keysOf = (batches: readonly Batch[]) => batches.map(({ keys }) => keys);

// On the fake clock no time passes between two calls, however busy the machine is.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The end of this turn of the event loop. */
const turn = () => vi.advanceTimersByTimeAsync(0);

it("loads the keys of one turn together at its end, and the following ones as a batch, also while there is no answer", async () => {
  const { batches, load } = controlledLoader();
  const values = ["a", "b"].map(load);
  expect(batches).toEqual([]);
  await turn();
  expect(keysOf(batches)).toEqual([["a", "b"]]);
  values.push(load("c"));
  await vi.advanceTimersByTimeAsync(4);
  values.push(load("none"), load("c"));
  expect(keysOf(batches)).toEqual([["a", "b"]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(keysOf(batches)).toEqual([
    ["a", "b"],
    ["c", "none"],
  ]);
  await vi.advanceTimersByTimeAsync(20);
  values.push(load("d"));
  await turn();
  expect(keysOf(batches)[2]).toEqual(["d"]);
  for (const { end } of batches) end();
  expect(await Promise.all(values)).toEqual(["A", "B", "C", undefined, "C", "D"]);
});

it("loads a key again while it is being loaded: a value is never older than its call", async () => {
  const { batches, load } = controlledLoader();
  void load("a");
  await turn();
  void load("a");
  await vi.advanceTimersByTimeAsync(20);
  expect(keysOf(batches)).toEqual([["a"], ["a"]]);
});

it("rejects only the keys of the batch that failed", async () => {
  const { batches, load } = controlledLoader();
  const a = load("a");
  await turn();
  const b = load("b");
  await vi.advanceTimersByTimeAsync(20);
  batches[0]?.end(new Error("failed"));
  batches[1]?.end();
  await expect(a).rejects.toThrow("failed");
  expect(await b).toBe("B");
});

it("starts a batch at the most keys, and none of them early because of that", async () => {
  const { batches, load } = controlledLoader(3);
  for (const key of ["a", "b", "c", "d"]) void load(key);
  expect(keysOf(batches)).toEqual([["a", "b", "c"]]);
  await vi.advanceTimersByTimeAsync(4);
  expect(keysOf(batches)).toEqual([["a", "b", "c"]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(keysOf(batches)).toEqual([["a", "b", "c"], ["d"]]);
});
