import { FAULT_KINDS } from "@parley/bench/chaos/faults";
import { runOnce } from "@parley/bench/chaos/run-once";
import { expect, it } from "vitest";

/** One round, which has every kind of fault once. */
const DURATION_S = 36;
const UNKNOWN_SHARE_MAX = 0.005;

/** The short form of `make chaos`. How long recovery takes is judged by the long form alone. */
it("loses, doubles and reorders nothing while every kind of fault happens once", async () => {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const options = { seed: 42, durationS: DURATION_S, say };
  const { sends, verdict, faults, troubles, backlogMs } = await runOnce(options);
  const found = Object.entries(verdict.counts).filter(([, count]) => count > 0);
  expect(found, JSON.stringify({ samples: verdict.samples, lines })).toEqual([]);
  expect(troubles).toEqual([]);
  expect(verdict.unknown).toBeLessThanOrEqual(sends * UNKNOWN_SHARE_MAX);
  expect(verdict.acked).toBeGreaterThan(1_000);
  expect(Object.keys(faults).length).toBe(FAULT_KINDS.length);
  expect(backlogMs).not.toContain(null);
});
