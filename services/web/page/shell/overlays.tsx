import { overlay } from "../state/keys.ts";
import { LazyScreen } from "./lazy-screen.tsx";

const OVERLAYS = {
  emoji: async () => (await import("../emoji/emoji-dialog.tsx")).EmojiDialog,
  remove: async () => (await import("../room/remove-dialog.tsx")).RemoveDialog,
  keys: async () => (await import("./key-list.tsx")).KeyList,
  switcher: async () => (await import("./switcher.tsx")).Switcher,
} as const;

/** What lies over the page. */
export function Overlays() {
  const { value: name } = overlay;
  return name ? <LazyScreen key={name} load={OVERLAYS[name]} /> : null;
}
