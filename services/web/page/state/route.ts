import { signal } from "@preact/signals";

/** What the address says is to be shown. */
export type Route =
  | { name: "home" | "channels" | "account" | "new" | "invitations" | "lost" | "no-room" }
  | { name: "room"; room: string; seq?: number }
  | { name: "details"; room: string }
  | { name: "search"; q: string; room?: string }
  | { name: "invite"; code: string };

/** What the server takes for a room (its OpenAPI document): a channel, or the generated id of a group or a direct chat. */
const CHANNEL = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const MADE = /^[GD][0-9A-Z]{26}$/;
/** Whether a room is a channel, by its id: anybody may read and join it. */
export const isChannel = (room: string): boolean => CHANNEL.test(room);
const isRoom = (room: string): boolean => isChannel(room) || MADE.test(room);

const PLAIN = ["channels", "account", "new", "invitations"] as const;
const isPlain = (first: string): first is (typeof PLAIN)[number] => PLAIN.some((one) => one === first);

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The route of an address; `lost` if there is none, `no-room` if no room can be called so. */
export function routeOf(pathname: string, search = ""): Route {
  const [first = "", second = "", third, ...more] = pathname.split("/").slice(1).map(decoded);
  if (more.length > 0) return { name: "lost" };
  if (first === "r" && second !== "") return roomRoute(second, third);
  if (third) return { name: "lost" };
  if (first === "invite" && second !== "") return { name: "invite", code: second };
  if (second !== "") return { name: "lost" };
  if (first === "") return { name: "home" };
  if (first === "search") {
    const query = new URLSearchParams(search);
    const room = query.get("room");
    return { name: "search", q: query.get("q") ?? "", ...(room && isRoom(room) && { room }) };
  }
  return { name: isPlain(first) ? first : "lost" };
}

function roomRoute(room: string, place = ""): Route {
  if (!isRoom(room)) return { name: "no-room" };
  if (place === "") return { name: "room", room };
  if (place === "details") return { name: "details", room };
  return /^[1-9]\d{0,15}$/.test(place) ? { name: "room", room, seq: Number(place) } : { name: "lost" };
}

const here = (): Route => routeOf(location.pathname, location.search);
/** What is shown now. */
export const route = signal<Route>(here());

/** The address of a room, or of a message in it. */
export const roomPath = (room: string, place?: number | "details"): string =>
  `/r/${encodeURIComponent(room)}${place === undefined ? "" : `/${place}`}`;

/** Shows another address of the page. `replace`: "back" does not lead to the one of now. */
export function go(path: string, { replace = false }: { replace?: boolean } = {}): void {
  if (path !== location.pathname + location.search)
    history[replace ? "replaceState" : "pushState"](null, "", path);
  route.value = here();
}

/** Follows the browser's "back" and "forward", and links of the page. */
export function watchAddress(): void {
  addEventListener("popstate", () => {
    route.value = here();
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
