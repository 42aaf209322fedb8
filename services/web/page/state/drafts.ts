import { signal } from "@preact/signals";
import { keep, keptUnder } from "./parley.ts";

/** What was written in each room and is not sent. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());

/** Reads what an earlier page has left; what was written meanwhile wins. */
export async function loadDrafts(): Promise<void> {
  const saved = await keptUnder<string>("draft/");
  drafts.value = new Map([...saved, ...drafts.value]);
}

/** Keeps a draft; an empty one is none. */
export function setDraft(room: string, text: string): void {
  const next = new Map(drafts.value);
  if (text === "") next.delete(room);
  else next.set(room, text);
  drafts.value = next;
  keep(`draft/${room}`, text === "" ? undefined : text);
}
