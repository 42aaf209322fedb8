import type { Live, Release } from "./types.ts";

/** Calls a listener; what it throws goes to `report` and stops nobody else. */
function callSafely<T>(report: (error: unknown) => void, listener: (x: T) => void, x: T): void {
  try {
    listener(x);
  } catch (error) {
    report(error);
  }
}

/** A live value that its owner sets. `onUse` is called when the first listener comes; its result when the last goes. */
export interface Writable<T> extends Live<T> {
  set(value: T): void;
}

/** Makes a live value. Setting the same value again tells nobody. */
export function createLive<T>(
  initial: T,
  report: (error: unknown) => void,
  onUse?: () => Release,
): Writable<T> {
  const listeners = new Set<{ call: (value: T) => void }>();
  let value = initial;
  let unused: Release | undefined;
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(value, next)) return;
      value = next;
      for (const { call } of [...listeners]) callSafely(report, call, next);
    },
    subscribe(call) {
      const entry = { call };
      listeners.add(entry);
      if (listeners.size === 1) unused = onUse?.();
      callSafely(report, call, value);
      return () => {
        if (listeners.delete(entry) && listeners.size === 0) unused?.();
      };
    },
  };
}

/** Listeners by event name. */
export function createEmitter<Events extends object>(report: (error: unknown) => void) {
  const all = new Map<keyof Events, Set<{ call: (x: never) => void }>>();
  return {
    on<E extends keyof Events>(event: E, call: (x: Events[E]) => void, signal?: AbortSignal): Release {
      const listeners = all.get(event) ?? new Set();
      const entry = { call };
      all.set(event, listeners.add(entry));
      const release = () => {
        listeners.delete(entry);
        signal?.removeEventListener("abort", release);
      };
      signal?.addEventListener("abort", release);
      if (signal?.aborted) release();
      return release;
    },
    emit<E extends keyof Events>(event: E, x: Events[E]): void {
      for (const { call } of [...(all.get(event) ?? [])])
        callSafely(report, call as (x: Events[E]) => void, x);
    },
  };
}
