import { type Item, isMessage } from "./rows.ts";

/** Whether a seq lies among messages, though it may be that of a reaction. */
export function hasSeq(items: readonly Item[], seq: number): boolean {
  const first = items[0];
  return !!first && isMessage(first) && first.seq <= seq && seq <= (items.findLast(isMessage)?.seq ?? 0);
}

/** How many messages of others came after `seenHead`; 0 while that is not known. */
export function cameSince(items: readonly Item[], seenHead: number, me: string): number {
  let count = 0;
  for (let i = items.length - 1; i >= 0; i -= 1) {
    const item = items[i];
    if (!item || !isMessage(item)) continue;
    if (item.seq <= seenHead) break;
    count += Number(item.author.id !== me);
  }
  return seenHead === 0 ? 0 : count;
}

/** The row of a message in a list; if it is not there, that of the next one, or the last row. */
export function rowOf(list: HTMLElement | undefined, seq: number): HTMLElement | undefined {
  const rows = [...(list?.querySelectorAll<HTMLElement>("[data-seq]") ?? [])];
  return rows.find((row) => Number(row.dataset.seq) >= seq) ?? rows.at(-1);
}
