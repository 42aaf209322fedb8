import type { Live } from "@parley/client";
import { type ReadonlySignal, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** The value of now of something live; renders again when it changes. Give a component that shows another one a `key`. */
export function useLive<T>(live: Live<T>): T {
  const value = useSignal(live.value);
  useEffect(
    () =>
      live.subscribe((next) => {
        value.value = next;
      }),
    [live, value],
  );
  return value.value;
}

/** A signal that follows something live for as long as the page is there. */
export function signalOf<T>(live: Live<T>): ReadonlySignal<T> {
  const value = signal(live.value);
  live.subscribe((next) => {
    value.value = next;
  });
  return value;
}
