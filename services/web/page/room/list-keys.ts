import type { RoomContext } from "./room-context.ts";

/** Rows that can have the focus. */
const rowsIn = (list: Element): HTMLElement[] => [
  ...list.querySelectorAll<HTMLElement>(":scope > li[data-key]"),
];

/** Moves the focus among messages: arrows, Home, End; Enter goes to the actions of a message, Escape to the text field. */
export function moveAmongRows(event: KeyboardEvent, context: RoomContext): void {
  const list = event.currentTarget as HTMLElement;
  const row = (event.target as Element).closest<HTMLElement>("li[data-key]");
  if (!row || event.target !== row) return;
  const rows = rowsIn(list);
  const at = rows.indexOf(row);
  const next: Readonly<Record<string, HTMLElement | null | undefined>> = {
    ArrowUp: rows[Math.max(0, at - 1)],
    ArrowDown: rows[at + 1],
    Home: rows[0],
    End: rows.at(-1),
    Enter: row.querySelector<HTMLElement>(".actions button, .failure button"),
  };
  if (event.key === "Escape") context.focusComposer();
  else if (next[event.key]) next[event.key]?.focus();
  else return;
  event.preventDefault();
}
