import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { sentenceOf } from "../parts/errors.ts";
import { parley } from "../state/parley.ts";

/** Messages in a page, and the pause after a key before they are asked for, ms. */
const PAGE = 20;
const PAUSE_MS = 200;

type Answer = Readonly<{ messages: readonly Message[]; next: string | null }>;

/** What a search has found; what an earlier one has found stays until then. */
export function useFound(query: string, room: string | undefined) {
  const q = query.trim();
  const answer = useSignal<Answer | undefined>(undefined);
  const isBusy = useSignal(false);
  const failure = useSignal("");
  const ask = async (signal: AbortSignal | undefined, before?: Answer) => {
    isBusy.value = true;
    try {
      const { items, next } = await parley.search(q, {
        limit: PAGE,
        ...(room && { room }),
        ...(before?.next && { cursor: before.next }),
        ...(signal && { signal }),
      });
      if (!signal?.aborted) answer.value = { messages: [...(before?.messages ?? []), ...items], next };
      failure.value = "";
    } catch (error) {
      if (!signal?.aborted) failure.value = sentenceOf(error);
    } finally {
      isBusy.value = false;
    }
  };
  useEffect(() => {
    failure.value = "";
    if (q === "") {
      answer.value = undefined;
      return;
    }
    const end = new AbortController();
    isBusy.value = true;
    const timer = setTimeout(() => void ask(end.signal), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [q, room]);
  return {
    messages: answer.value?.messages,
    isMore: typeof answer.value?.next === "string",
    isBusy: isBusy.value,
    failure: failure.value,
    more: () => void ask(undefined, answer.value),
  };
}
