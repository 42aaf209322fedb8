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
