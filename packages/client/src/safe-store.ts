import type { WriteLog } from "./log.ts";
import type { Store } from "./types.ts";

/** A store whose failures are logged and otherwise ignored: without it, nothing survives a reload. */
export function createSafeStore(store: Store | undefined, log: WriteLog): Store | undefined {
  if (!store) return undefined;
  const safely = async <T>(work: Promise<T>, instead: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      log("warn", "store_failed", { error });
      return instead;
    }
  };
  return {
    get: (key) => safely(store.get(key), undefined),
    set: (key, value) => safely(store.set(key, value), undefined),
    list: (prefix) => safely(store.list(prefix), []),
    clear: () => safely(store.clear(), undefined),
  };
}
