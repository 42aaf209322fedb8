import type { WriteLog } from "./log.ts";
import type { Store } from "./types.ts";

/** A store whose failures are logged and otherwise ignored: without it, nothing survives a reload. */
export function createSafeStore(store: Store | undefined, log: WriteLog): Store | undefined {
  if (!store) return undefined;
  const safely =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>, instead: T) =>
    async (...args: A): Promise<T> => {
      try {
        return await work.apply(store, args);
      } catch (error) {
        log("warn", "store_failed", { error });
        return instead;
      }
    };
  const nothing = undefined as never;
  return {
    get: safely(store.get, nothing),
    set: safely(store.set, nothing),
    list: safely(store.list, []),
    clear: safely(store.clear, nothing),
  };
}
