import { overlay } from "../state/keys.ts";
import { LazyScreen } from "./lazy-screen.tsx";

const OVERLAYS = {
  emoji: async () => (await import("../emoji/emoji-dialog.tsx")).EmojiDialog,
  keys: async () => (await import("./key-list.tsx")).KeyList,
  switcher: async () => (await import("./switcher.tsx")).Switcher,
} as const;

/** What lies over the page: the list of keys, the field that finds a room, or all emoji. */
export function Overlays() {
  const { value: name } = overlay;
  return name ? <LazyScreen key={name} load={OVERLAYS[name]} /> : null;
}
