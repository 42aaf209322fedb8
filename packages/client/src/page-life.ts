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
  const end = new AbortController();
  const on = (target: EventTarget | undefined, name: string, listener: () => void) =>
    target?.addEventListener(name, listener, end);
  on(page, "pagehide", () => sockets.hide(true));
  on(page, "pageshow", () => sockets.hide(false));
  on(page, "online", sockets.probe);
  on(document, "visibilitychange", seen);
  return () => end.abort();
}
