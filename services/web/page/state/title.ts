import { effect } from "@preact/signals";
import { titleOf } from "../parts/room-names.ts";
import { text } from "../text/en.ts";
import { summaryOf, unreadTotal } from "./inbox.ts";
import { route } from "./route.ts";
import { phase } from "./session.ts";

/** Shows the room and how much is unread in the title of the window. */
export function watchTitle(): void {
  effect(() => {
    const { value: shown } = route;
    const summary = shown.name === "room" ? summaryOf(shown.room) : undefined;
    const unread = phase.value === "in" && unreadTotal.value > 0 ? `(${unreadTotal.value}) ` : "";
    document.title = `${unread}${summary ? `${titleOf(summary)} · ` : ""}${text.name}`;
  });
}
