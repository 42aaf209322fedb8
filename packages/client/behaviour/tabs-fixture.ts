import { expect, it } from "vitest";
import { shareTabs } from "../src/tabs.ts";
import type { LogRecord, Parley } from "../src/types.ts";
import { recordingSockets } from "./recording-fixture.ts";
import { services } from "./running-fixture.ts";
import { textsOf, until } from "./stack-fixture.ts";

it("S10 12 tabs share one pair of sockets and one token, and when the leader is closed another one leads", async () => {
  const person = await services.person();
  const { Socket, sockets } = recordingSockets();
  let asked = 0;
  const auth = async () => {
    asked += 1;
    return person.token;
  };
  const logs = Array.from({ length: 12 }, (): LogRecord[] => []);
  const tabs = logs.map((entries) =>
    services.client(person, { entries, auth, WebSocket: Socket, tabs: shareTabs("s10") }),
  );
  const rooms = tabs.map((one) => one.rooms.get("s10"));
  for (const room of rooms) room.open();
  const isLive = (one: Parley, i: number) =>
    one.status.value.state === "online" && rooms[i]?.timeline.value.phase === "live";
  await until("all are live", () => tabs.every(isLive));
  expect(sockets).toHaveLength(2);
  expect(asked).toBe(1);
  const sent = rooms.map((room, i) => room.send(`from ${i}`));
  await Promise.all(sent.map((one) => one.stored()));
  await until("all hear all", () => rooms.every((room) => textsOf(room).length === 12));
  for (const room of rooms) expect(textsOf(room)).toEqual(textsOf(rooms[0] as (typeof rooms)[0]));
  const leader = logs.findIndex((entries) => entries.some(({ event }) => event === "tab_leads"));
  await tabs[leader]?.close();
  const began = performance.now();
  const others = tabs.filter((_, i) => i !== leader);
  const leads = () => logs.filter((entries) => entries.some(({ event }) => event === "tab_leads")).length;
  await until("another leads", () => leads() === 2);
  expect(performance.now() - began).toBeLessThan(2_000);
  const speaker = rooms[leader === 5 ? 6 : 5];
  await speaker?.send("after").stored();
  await until("nothing is missed", () =>
    others.every((one) => textsOf(one.rooms.get("s10")).at(-1) === "after"),
  );
  for (const one of others) expect(textsOf(one.rooms.get("s10"))).toHaveLength(13);
  expect(sockets).toHaveLength(4);
  await Promise.all(others.map((one) => one.close()));
});
