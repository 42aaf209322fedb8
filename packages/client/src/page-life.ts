import type { Sockets } from "./sockets.ts";
import type { Release } from "./types.ts";

/**
 * Closes the sockets when the page may be kept for "back" (an open socket would forbid that), opens them when it comes
 * back, and looks whether they live when it is seen again. Does nothing where there is no page.
 */
export function watchPage(sockets: Pick<Sockets, "hide" | "probe">): Release {
  const { window: page, document } = globalThis as Partial<typeof globalThis>;
  if (!page?.addEventListener) return () => undefined;
  const seen = () => {
    if (document?.visibilityState === "visible") sockets.probe();
  };
  const listeners: [EventTarget | undefined, string, () => void][] = [
    [page, "pagehide", () => sockets.hide(true)],
    [page, "pageshow", () => sockets.hide(false)],
    [page, "online", () => sockets.probe()],
    [document, "visibilitychange", seen],
  ];
  for (const [target, name, listener] of listeners) target?.addEventListener(name, listener);
  return () => {
    for (const [target, name, listener] of listeners) target?.removeEventListener(name, listener);
  };
}
