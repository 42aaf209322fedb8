import { expect, it } from "vitest";
import type { Frame, Hello } from "./frames.ts";
import { createSubscriptions } from "./subscriptions.ts";
import { createTimers, systemClock } from "./timers.ts";

it("S13 rooms are resumed in frames of as many as the server allows", async () => {
  const sent: Frame[] = [];
  const send = (frame: object | string) => sent.push(frame as Frame) > 0;
  const subscriptions = createSubscriptions({ phase: "online", send }, createTimers(systemClock));
  const nothing = () => undefined;
  const rest = { take: nothing, gap: nothing, reset: nothing, caughtUp: nothing, error: nothing };
  for (let i = 0; i < 5; i += 1) subscriptions.add(`room-${i}`, { cursor: i, ...rest });
  subscriptions.online({ user: { id: "u" }, limits: { roomsPerResume: 2 } } as Hello);
  await new Promise(setImmediate);
  expect(sent.map(({ type, rooms }) => [type, rooms])).toEqual([
    ["resume", { "room-0": 0, "room-1": 1 }],
    ["resume", { "room-2": 2, "room-3": 3 }],
    ["resume", { "room-4": 4 }],
  ]);
});

it("what the own room tells between the first moment of a connection and the answer is heard, and once", async () => {
  const subscriptions = createSubscriptions({ phase: "online", send: () => true }, createTimers(systemClock));
  const own: number[] = [];
  const others: number[] = [];
  const nothing = () => undefined;
  const reader = (heard: number[]) => ({
    cursor: undefined,
    take: ({ seq }: { seq: number }) => void heard.push(seq),
    gap: nothing,
    reset: nothing,
    caughtUp: nothing,
    error: nothing,
  });
  const said = (room: string, seq: number) =>
    subscriptions.take({ type: "membership", room, seq, at: "2026-01-01T00:00:00Z" });
  subscriptions.add("@me", reader(own));
  subscriptions.add("room", reader(others));
  subscriptions.online({ user: { id: "u" }, limits: {} } as Hello);
  await new Promise(setImmediate);
  for (const room of ["@me", "room"]) said(room, 7);
  expect([own, others]).toEqual([[7], []]);
});

it("the own room is not asked for where nobody reads it: a later reader would be told what was before it", async () => {
  const sent: object[] = [];
  const send = (frame: object | string) => sent.push(frame as object) > 0;
  const subscriptions = createSubscriptions({ phase: "online", send }, createTimers(systemClock));
  const hello = { user: { id: "u" }, limits: {} } as Hello;
  subscriptions.online(hello);
  subscriptions.take({ type: "membership", room: "@me", seq: 5, at: "2026-01-01T00:00:00Z" });
  subscriptions.offline();
  subscriptions.online(hello);
  await new Promise(setImmediate);
  expect(sent).toEqual([]);
});
