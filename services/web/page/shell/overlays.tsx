import { overlay } from "../state/keys.ts";
import { LazyScreen } from "./lazy-screen.tsx";

const OVERLAYS = {
  keys: async () => (await import("./key-list.tsx")).KeyList,
  switcher: async () => (await import("./switcher.tsx")).Switcher,
} as const;

/** What lies over the page: the list of keys, or the field that finds a room. */
export function Overlays() {
  const { value: name } = overlay;
  return name ? <LazyScreen key={name} load={OVERLAYS[name]} /> : null;
}
