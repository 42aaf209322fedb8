import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Something that is asked of the server. */
export type Loaded<T> = Readonly<{
  /** Undefined until it is there. */
  value: T | undefined;
  error: unknown;
  /** Asks again. */
  reload: () => void;
  /** What it is now, after a change of ours. */
  set: (value: T) => void;
}>;

/** Asks the server once, and again whenever `key` is another one. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, key: unknown = ""): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  const round = useSignal(0);
  useEffect(() => {
    const { signal, abort } = ending();
    load(signal).then(
      (answer) => {
        if (signal.aborted) return;
        value.value = answer;
        error.value = undefined;
      },
      (refusal) => {
        if (!signal.aborted) error.value = refusal;
      },
    );
    return abort;
  }, [key, round.value]);
  return {
    value: value.value,
    error: error.value,
    reload() {
      error.value = undefined;
      round.value += 1;
    },
    set(next) {
      value.value = next;
    },
  };
}

function ending(): { signal: AbortSignal; abort: () => void } {
  const end = new AbortController();
  return { signal: end.signal, abort: () => end.abort() };
}
