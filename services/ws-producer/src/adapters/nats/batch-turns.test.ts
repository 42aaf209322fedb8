import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BatchTurns } from "./batch-turns.ts";

test("one has its turn at a time, in the order of asking; a lane that does not use its turn does not hold up the next", () => {
  const turns = new BatchTurns();
  const [a, b, c, d] = [{}, {}, {}, {}];
  const called: string[] = [];
  expect(turns.take(a, () => called.push("a"))).toBe(true);
  expect(turns.take(b, () => called.push("b"))).toBe(false);
  expect(turns.take(c, () => called.push(`c ${turns.take(c, () => called.push("c again"))}`))).toBe(false);
  expect(turns.take(d, () => called.push("d"))).toBe(false);
  turns.release(b);
  expect(called).toEqual([]);
  turns.release(a);
  // b was called and did not take it, so c was; d waits for c.
  expect(called).toEqual(["b", "c true"]);
  turns.release(c);
  expect(called).toEqual(["b", "c true", "d"]);
});

test("a turn without an end lasts a tenth of a second", async () => {
  const turns = new BatchTurns();
  const [silent, next] = [{}, {}];
  turns.take(silent, () => undefined);
  const began = performance.now();
  const waited = new Promise<number>((resolve) => {
    turns.take(next, () => resolve(performance.now() - began));
  });
  expect(await Promise.race([waited, sleep(5_000, Number.POSITIVE_INFINITY)])).toBeLessThan(5_000);
  expect(await waited).toBeGreaterThanOrEqual(90);
  expect(turns.take(next, () => undefined)).toBe(true);
  // The late end of the first turn is not the end of the second.
  turns.release(silent);
  expect(turns.take(silent, () => undefined)).toBe(false);
  turns.release(next);
});
