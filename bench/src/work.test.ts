import { afterAll, beforeAll, expect, test } from "vitest";
import { DURABLE, durable } from "./benches/durable.ts";
import { calibrate } from "./measure/calibrate.ts";
import { startParley } from "./targets/parley.ts";
import type { Target } from "./targets/target.ts";

/**
 * Guards against work that creeps in: CPU time of the services by message, as a multiple of a fixed loop in the same
 * run, so that the machine's speed and its other work do not matter. The limits are about three times what was measured
 * (docs/performance.md): a write per receiver instead of one per turn, or a publish per message
 * instead of a pack, is found; a few per cent are not.
 */
const LIMITS = { "ws-producer": 24, "ws-consumer": 16 } as const;

let parley: Target;
beforeAll(async () => {
  parley = await startParley();
});
afterAll(() => parley.stop());

test("a message costs the services no more work than it did", async () => {
  const before = calibrate();
  const run = await durable(parley, { ...DURABLE, members: 200, each: 8, warmMs: 2_000, ms: 4_000 });
  const loop = Math.min(before, calibrate());
  const work = Object.fromEntries(
    Object.keys(LIMITS).map((name) => [name, Math.round((run.cpuUsPerMessage[name] ?? Infinity) / loop)]),
  );
  process.stdout.write(
    `work a message, in rounds of a ${loop.toFixed(1)} µs loop: ${JSON.stringify(work)}\n`,
  );
  expect(Object.entries(run.anomalies).filter(([, count]) => count > 0)).toEqual([]);
  for (const [name, most] of Object.entries(LIMITS)) expect(work[name], name).toBeLessThan(most);
}, 90_000);
