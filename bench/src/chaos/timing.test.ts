import { expect, it } from "vitest";
import type { Sent } from "./evidence.ts";
import { timingOf } from "./timing.ts";

const acked = (...times: number[]): Sent[] =>
  times.map((at) => ({ acks: [{ at, duplicate: false }] }) as unknown as Sent);

it("gives the longest time in which nobody was acknowledged", () => {
  expect(timingOf([acked(0, 100, 900), acked(50, 400)], []).longestOutageMs).toBe(500);
});

it("waits for the last one who is acknowledged again after a heal", () => {
  const heals = [{ from: 500, at: 1_000, until: 5_000 }];
  expect(timingOf([acked(0, 1_200), acked(0, 1_900)], heals).acceptedAgainMs).toEqual([900]);
});

it("counts the whole rest for one who is never acknowledged again", () => {
  expect(timingOf([acked(0)], [{ from: 500, at: 1_000, until: 5_000 }]).acceptedAgainMs).toEqual([4_000]);
});

it("gives the longest wait of one sender for the next acknowledgement, from the fault on", () => {
  const heals = [{ from: 1_000, at: 2_000, until: 5_000 }];
  expect(timingOf([acked(100, 900, 3_000, 4_900), acked(950, 2_950, 3_900)], heals).gapsMs).toEqual([2_100]);
});
