import { ParleyError } from "./error.ts";
import { createRequest, renewByCookie, urlsOf } from "./http.ts";
import type { WriteLog } from "./log.ts";
import type { Link, Options } from "./types.ts";

/** What an application gives as a token, which a file may end with a line break. */
function tokenOf(given: unknown): string {
  const token = `${given ?? ""}`.trim();
  if (!token) throw new ParleyError("signed_out", "no token");
  return token;
}

/** How requests are made, and sockets opened and tokens renewed: by this page, or by the tab that leads. */
export function createLink(options: Options, log: WriteLog, closed: AbortSignal) {
  const SocketClass = options.WebSocket ?? globalThis.WebSocket;
  if (!SocketClass) throw new TypeError("no WebSocket");
  const { auth = "cookie", tabs } = options;
  if (auth !== "cookie" && typeof auth !== "function") throw new TypeError("bad auth");
  const urls = urlsOf(options.url);
  const fetcher = options.fetch ?? ((...args: Parameters<typeof fetch>) => globalThis.fetch(...args));
  const request = createRequest({ urls, fetch: fetcher, closed });
  const own: Link = {
    openSocket: (endpoint) => new SocketClass(`${urls[endpoint].replace(/^http/, "ws")}/ws`),
    renew:
      auth === "cookie"
        ? renewByCookie(request)
        : async (why, signal) => ({ token: tokenOf(await auth(why, signal)) }),
    close: () => undefined,
  };
  let joined: Link | undefined;
  const link = (): Link => {
    joined ??= tabs?.join(own, ({ level, event, ...detail }) => log(level, event, detail)) ?? own;
    return joined;
  };
  return { request, link };
}
