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
  ["/r/%E0%A4%A", "", { name: "room", room: "%E0%A4%A" }],
  ["/nowhere", "", { name: "lost" }],
])("%s%s", (path, search, route) => {
  expect(routeOf(path, search)).toEqual(route);
});
