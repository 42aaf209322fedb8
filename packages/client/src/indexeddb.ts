import type { Store } from "./types.ts";

export type { Store } from "./types.ts";

const TABLE = "entries";

function promiseOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Keeps the outbox and the rooms' newest messages in the browser, so that they survive a reload. One database belongs
 * to one person: when somebody else signs in, it is emptied.
 *
 * @param name Name of the database.
 * @example
 * const parley = createParley({ url, store: indexedDbStore() });
 */
export function indexedDbStore(name = "parley"): Store {
  let opening: Promise<IDBDatabase> | undefined;
  const open = () => {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // Another tab deletes or upgrades the database, or the browser closed it: opened again when it is needed.
        database.onversionchange = () => database.close();
        database.onclose = () => {
          opening = undefined;
        };
        resolve(database);
      };
    }).catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const run = async <T>(
    mode: IDBTransactionMode,
    work: (table: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> => {
    try {
      return await promiseOf(work((await open()).transaction(TABLE, mode).objectStore(TABLE)));
    } catch (error) {
      if ((error as Error).name === "InvalidStateError") opening = undefined;
      throw error;
    }
  };
  return {
    get: (key) => run("readonly", (table) => table.get(key)),
    async set(key, value) {
      await run("readwrite", (table) =>
        value === undefined ? (table.delete(key) as IDBRequest) : table.put(value, key),
      );
    },
    async list(prefix) {
      const table = (await open()).transaction(TABLE).objectStore(TABLE);
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      // Both of one transaction, so they agree.
      const reads = [promiseOf(table.getAllKeys(range)), promiseOf(table.getAll(range))] as const;
      const [keys, values] = await Promise.all(reads);
      return keys.map((key, i) => [String(key), values[i]]);
    },
    async clear() {
      await run("readwrite", (table) => table.clear());
    },
  };
}
