import { effect, signal } from "@preact/signals";
import { titleOf } from "../parts/room-names.ts";
import { text } from "../text/en.ts";
import { summaryOf, unreadTotal } from "./inbox.ts";
import { route } from "./route.ts";
import { phase } from "./session.ts";

/** The title of the screen in the place of a room; empty if there is none. */
export const screenTitle = signal("");

/** Shows the room, or the screen, and how much is unread in the title of the window. */
export function watchTitle(): void {
  effect(() => {
    const { value: shown } = route;
    const isRoom = shown.name === "room" || shown.name === "details";
    const summary = isRoom ? summaryOf(shown.room) : undefined;
    const title = summary ? titleOf(summary) : screenTitle.value;
    const unread = phase.value === "in" && unreadTotal.value > 0 ? `(${unreadTotal.value}) ` : "";
    document.title = `${unread}${title === "" ? "" : `${title} · `}${text.name}`;
  });
}
