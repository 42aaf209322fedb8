import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runIndexer } from "./indexer.ts";

// The clock is simulated: the share of time is asserted, and a busy machine would add to it.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const RUN_MS = 10;

/** Runs the indexer on a queue of `queued` runs; records when each run began, ms since the start. */
function start(queued: number): { runs: number[]; stop: () => void; faults: unknown[] } {
  const runs: number[] = [];
  const faults: unknown[] = [];
  const start = performance.now();
  const index = async () => {
    runs.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, RUN_MS));
    return runs.length < queued;
  };
  return { runs, faults, stop: runIndexer(index, (error) => faults.push(error)).stop };
}

/** Share of a period, ms, that the runs which began in it took. */
const shareOf = (runs: readonly number[], from: number, to: number) =>
  (runs.filter((at) => at >= from && at < to).length * RUN_MS) / (to - from);

describe("the indexer", () => {
  it("takes a twentieth of the time while the queue is not empty, and more the longer that lasts, up to a half", async () => {
    const { runs, stop } = start(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(400_000);
    stop();
    expect(shareOf(runs, 0, 30_000)).toBeCloseTo(1 / 20, 2);
    expect(shareOf(runs, 31_000, 60_000)).toBeCloseTo(2 / 20, 2);
    expect(shareOf(runs, 121_000, 150_000)).toBeCloseTo(5 / 20, 2);
    expect(shareOf(runs, 300_000, 400_000)).toBeCloseTo(1 / 2, 2);
  });

  it("polls an empty queue four times a second until it is stopped", async () => {
    const { runs, stop } = start(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toEqual([0, 260, 520, 780]);
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toHaveLength(4);
  });

  it("continues after a fault, which is reported", async () => {
    const faults: unknown[] = [];
    let tries = 0;
    const fails = async () => {
      tries += 1;
      throw new Error("away");
    };
    const { stop } = runIndexer(fails, (error) => faults.push(error));
    await vi.advanceTimersByTimeAsync(600);
    stop();
    expect(tries).toBe(3);
    expect(faults).toHaveLength(3);
  });

  it("rests one second after a statement that Postgres delayed for five", async () => {
    const tries: number[] = [];
    const start = performance.now();
    const hangs = async (): Promise<boolean> => {
      tries.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      throw new Error("no answer in 5000 ms");
    };
    const { stop } = runIndexer(hangs, () => undefined);
    await vi.advanceTimersByTimeAsync(13_000);
    stop();
    expect(tries).toEqual([0, 6_000, 12_000]);
  });
});
