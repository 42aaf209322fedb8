import type { Message, Room } from "@parley/client";
import { signal } from "@preact/signals";

/** What lies over the page: the list of keys, the field that finds a room, all emoji, or a question before a message is deleted. */
export const overlay = signal<"keys" | "switcher" | "emoji" | "remove" | undefined>(undefined);

/** Gets the emoji that is picked. */
export let takeEmoji: (emoji: string) => void = () => undefined;

/** Shows all emoji; `take` gets the one that is picked. */
export function pickEmoji(take: (emoji: string) => void): void {
  takeEmoji = take;
  overlay.value = "emoji";
}

/** The message that is asked about before it is deleted. */
export let removing: Readonly<{ room: Room; message: Message }> | undefined;

/** Asks before a message is deleted. */
export function askToRemove(room: Room, message: Message): void {
  removing = { room, message };
  overlay.value = "remove";
}

const isText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, [contenteditable]");

/** Follows the keys that work everywhere: Ctrl-K or ⌘K, and `?` outside of text fields. */
export function watchKeys(): void {
  addEventListener("keydown", (event) => {
    const isSwitch = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k";
    const isHelp = event.key === "?" && !isText(event.target);
    if (!isSwitch && !isHelp) return;
    event.preventDefault();
    overlay.value = isSwitch ? "switcher" : "keys";
  });
}
