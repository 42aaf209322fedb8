import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { pathname: "/", search: "" });
const { routeOf } = await import("./route.ts");

test.each([
  ["/", "", { name: "home" }],
  ["/r/general", "", { name: "room", room: "general" }],
  ["/r/general/7", "", { name: "room", room: "general", seq: 7 }],
  ["/r/general/0", "", { name: "lost" }],
  ["/r/general/details", "", { name: "details", room: "general" }],
  ["/search", "?q=a%20b&room=dev", { name: "search", q: "a b", room: "dev" }],
  ["/invite/abc", "", { name: "invite", code: "abc" }],
  ["/account", "", { name: "account" }],
  ["/account/x", "", { name: "lost" }],
  ["/r/G0123456789ABCDEFGHJKMNPQRS", "", { name: "room", room: "G0123456789ABCDEFGHJKMNPQRS" }],
  ["/r/UPPER", "", { name: "no-room" }],
  ["/r/%00", "", { name: "no-room" }],
  ["/r/..%2f..%2fx/details", "", { name: "no-room" }],
  ["/r/%E0%A4%A", "", { name: "no-room" }],
  ["/search", "?q=a&room=..%2fx", { name: "search", q: "a" }],
  ["/nowhere", "", { name: "lost" }],
])("%s%s", (path, search, route) => {
  expect(routeOf(path, search)).toEqual(route);
});
