import type { Draft } from "./pending.ts";
import type { Store } from "./types.ts";

/** A message in the store. `leftMs` was its time to live at `savedAt`: of the wall clock only differences count. */
type SavedEntry = Draft & { order: number; savedAt: number; leftMs?: number };

const keyOf = (id: string) => `outbox/${id}`;

/** What an earlier page has left, in the order of sending. */
export async function loadSaved(store: Store): Promise<SavedEntry[]> {
  const all = (await store.list(keyOf(""))).map(([, value]) => value as SavedEntry);
  for (const one of all) if (one.leftMs !== undefined) one.leftMs -= Math.max(0, Date.now() - one.savedAt);
  return all.sort((a, b) => a.order - b.order);
}

export function saveDraft(store: Store | undefined, draft: Draft, order: number, leftMs?: number): void {
  void store?.set(keyOf(draft.id), { ...draft, order, savedAt: Date.now(), leftMs });
}

export function removeSaved(store: Store | undefined, id: string): void {
  void store?.set(keyOf(id), undefined);
}
