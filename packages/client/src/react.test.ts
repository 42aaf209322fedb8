import { createElement, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { createParley } from "./index.ts";
import { useLive, useRoom, useStatus } from "./react.ts";
import { TestServer } from "./testing.ts";

it("renders on a server and opens nothing", async () => {
  const server = new TestServer();
  const parley = createParley({ ...server.options, auth: server.auth("alice") });
  const Page = () => {
    const { state } = useStatus(parley);
    const { room, timeline } = useRoom(parley, "general");
    return createElement("p", null, state, timeline.items.length, useLive(room.typing).length);
  };
  const html = renderToString(createElement(StrictMode, null, createElement(Page)));
  expect(html.replace(/<!-- -->/g, "")).toBe("<p>idle00</p>");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(server.sockets).toEqual([]);
  await parley.close();
});
