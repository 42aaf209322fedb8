import { effect } from "@preact/signals";
import { inboxPhase, rooms } from "./inbox.ts";
import { keep, kept } from "./parley.ts";
import { go, roomPath, route } from "./route.ts";
import { phase } from "./session.ts";

/** The page shows the inbox and a room side by side from this width on (styles/shell.css). */
const isWide = matchMedia("(width >= 720px)");

/** Where there is space beside the inbox, opens the room that was open last; else the newest one. */
export function watchLastRoom(): void {
  effect(() => {
    const { value: shown } = route;
    if (shown.name === "room") keep("last-room", shown.room);
    if (shown.name === "home" && phase.value === "in" && inboxPhase.value !== "loading") void openLast();
  });
}

async function openLast(): Promise<void> {
  const last = await kept<string>("last-room");
  const room = rooms.value.find(({ id }) => id === last) ?? rooms.value[0];
  if (room && isWide.matches && route.value.name === "home") go(roomPath(room.id), { replace: true });
}
