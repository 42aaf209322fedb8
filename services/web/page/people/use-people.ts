import type { Profile } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { sentenceOf } from "../parts/errors.ts";
import { parley } from "../state/parley.ts";

/** People asked for at once, and the pause after a key before that, ms. */
const ASKED = 16;
const PAUSE_MS = 150;

/** Those of that beginning of a name; undefined until they are known. */
type Found = Readonly<{ name: string; people: readonly Profile[] }>;

/** People whose name begins with what is written, and why there are none. */
export function usePeople(name: string): { found: Found | undefined; failure: string } {
  const found = useSignal<Found | undefined>(undefined);
  const failure = useSignal("");
  useEffect(() => {
    failure.value = "";
    if (name === "") {
      found.value = undefined;
      return;
    }
    const end = new AbortController();
    const { signal } = end;
    const timer = setTimeout(() => {
      accountOf(parley)
        .find(name, { limit: ASKED, signal })
        .then(
          (people) => {
            if (!signal.aborted) found.value = { name, people };
          },
          (error) => {
            if (!signal.aborted) failure.value = sentenceOf(error);
          },
        );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [name]);
  return { found: found.value, failure: failure.value };
}
