/** Loads the values of many keys. A key without a value is left out. */
type LoadAll<Key, Value> = (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;

/** `intervalMs`: shortest time between the starts of two batches; at `keysMax` keys one starts without waiting. */
type BatchLimits = Readonly<{ keysMax: number; intervalMs: number }>;

type Batch<Key, Value> = {
  keys: Set<Key>;
  values: PromiseWithResolvers<ReadonlyMap<Key, Value>>;
};

/**
 * Makes a function that loads the value of one key, and loads keys that are asked for within `intervalMs` as one batch. The
 * first keys after a pause are loaded at the end of their turn of the event loop. A batch starts after all of its keys
 * were asked for, so no value is older than its call, and does not wait for the batch before, which may hang.
 *
 * @example const findUser = createBatchLoader((ids) => findUsers(database, ids), { keysMax: 1_000, intervalMs: 5 })
 */
export function createBatchLoader<Key, Value>(
  loadAll: LoadAll<Key, Value>,
  { keysMax, intervalMs }: BatchLimits,
): (key: Key) => Promise<Value | undefined> {
  let batch: Batch<Key, Value> | undefined;
  let nextBatchAt = 0;
  const start = (due: Batch<Key, Value>) => {
    if (batch !== due) return;
    const { keys, values } = due;
    batch = undefined;
    nextBatchAt = performance.now() + intervalMs;
    Promise.try(loadAll, [...keys]).then(values.resolve, values.reject);
  };
  return async (key) => {
    batch ??= { keys: new Set(), values: Promise.withResolvers() };
    const own = batch;
    if (own.keys.size === 0) {
      const waitMs = nextBatchAt - performance.now();
      if (waitMs < 1) setImmediate(start, own);
      else setTimeout(start, waitMs, own);
    }
    own.keys.add(key);
    if (own.keys.size >= keysMax) start(own);
    return (await own.values.promise).get(key);
  };
}
