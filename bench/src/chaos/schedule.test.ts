import fc from "fast-check";
import { expect, it } from "vitest";
import { FAULT_KINDS } from "./faults.ts";
import { planSchedule } from "./schedule.ts";

const THREE_MINUTES_MS = 180_000;

it("is the same for the same seed, and another for another", () => {
  expect(planSchedule(7, THREE_MINUTES_MS)).toEqual(planSchedule(7, THREE_MINUTES_MS));
  expect(planSchedule(7, THREE_MINUTES_MS).faults).not.toEqual(planSchedule(8, THREE_MINUTES_MS).faults);
});

it("has every kind of fault at least five times in three minutes", () => {
  const { faults } = planSchedule(7, THREE_MINUTES_MS);
  for (const kind of FAULT_KINDS)
    expect(faults.filter((fault) => fault.kind === kind).length).toBeGreaterThanOrEqual(5);
});

it("leaves every rest free of faults, whatever the seed and the duration", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 20_000, max: 600_000 }), (seed, durationMs) => {
      const { rounds, faults } = planSchedule(seed, durationMs);
      for (const { atMs, forMs } of faults) {
        const round = rounds.find(({ startMs, restMs }) => atMs >= Math.floor(startMs) && atMs < restMs);
        expect(round).toBeDefined();
        expect(atMs + forMs).toBeLessThanOrEqual(Math.ceil(round?.restMs ?? 0) + 1);
      }
    }),
    { numRuns: 50 },
  );
});
