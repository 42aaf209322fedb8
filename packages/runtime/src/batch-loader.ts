/** Loads the values of many keys. A key without a value is left out. */
type LoadAll<Key, Value> = (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>;

/** Shortest time between the starts of two batches, ms. */
const BATCH_INTERVAL_MS = 5;

type Batch<Key, Value> = {
  keys: Set<Key>;
  values: PromiseWithResolvers<ReadonlyMap<Key, Value>>;
};

/**
 * Makes a function that loads the value of one key, and loads keys that are asked for within 5 ms as one batch. The
 * first key after a pause is loaded at once. A batch starts after all of its keys were asked for, so no value is older
 * than its call, and does not wait for the batch before, which may hang.
 *
 * @param keysMax keys at which a batch starts without waiting
 * @example const findUser = createBatchLoader((ids) => findUsers(database, ids), 1_000)
 */
export function createBatchLoader<Key, Value>(
  loadAll: LoadAll<Key, Value>,
  keysMax: number,
): (key: Key) => Promise<Value | undefined> {
  let batch: Batch<Key, Value> | undefined;
  let nextBatchAt = 0;
  const start = () => {
    if (!batch) return;
    const { keys, values } = batch;
    batch = undefined;
    nextBatchAt = performance.now() + BATCH_INTERVAL_MS;
    loadAll([...keys]).then(values.resolve, values.reject);
  };
  return async (key) => {
    batch ??= { keys: new Set(), values: Promise.withResolvers() };
    const { keys, values } = batch;
    keys.add(key);
    const waitMs = nextBatchAt - performance.now();
    if (waitMs <= 0 || keys.size >= keysMax) start();
    else if (keys.size === 1) setTimeout(start, waitMs);
    return (await values.promise).get(key);
  };
}
