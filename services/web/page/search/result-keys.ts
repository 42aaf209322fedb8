import { go, route } from "../state/route.ts";

/** Makes the address that of a search, so that "back" leads to it. */
export function searchPath(q: string, room: string | undefined): void {
  if (route.peek().name !== "search") return;
  const query = new URLSearchParams({ ...(q !== "" && { q }), ...(room && { room }) }).toString();
  const path = query === "" ? "/search" : `/search?${query}`;
  if (path !== location.pathname + location.search) go(path, { replace: true });
}

/** Moves the focus from the field into the results, among them, and back. */
export function moveAmongResults(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const screen = (event.currentTarget as Element).closest(".screen");
  if (step === undefined || !screen) return;
  const stops = [...screen.querySelectorAll<HTMLElement>("input[type=search], .result")];
  const next = stops[stops.indexOf(document.activeElement as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
